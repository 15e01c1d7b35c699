/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip (RFC 1952), bzip2 and xz: their libraries, each behind the same four functions.
 *
 * Invariants:
 *  1. Only what load found is called.
 *  2. A step uses input, fills output, or ends the stream: packed_file.c never turns in place.
 */
#include "os/packed_format.h"

#include <bzlib.h>
#include <dlfcn.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Most memory for one xz stream: a dictionary of 1.5 GiB is what the format allows; 65 MiB is
 * what `xz -9` makes. */
#define XZ_MEMORY_MAX (256u << 20)

bool packed_function(void *library, const char *name, void *ret_function, size_t size)
{
	void *symbol = dlsym(library, name);

	if (symbol == NULL)
		return false;
	memcpy(ret_function, &symbol, size);
	return true;
}

#define LOAD(library, table, member, name) \
	packed_function(library, name, &(table).member, sizeof((table).member))

static unsigned at_most_unsigned(size_t length)
{
	return length > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)length;
}

/* ---- gzip ---- */

static struct {
	__typeof__(&inflateInit2_) init;
	__typeof__(&inflate) step;
	__typeof__(&inflateEnd) end;
} gzip;

static bool gzip_load(void *library)
{
	return LOAD(library, gzip, init, "inflateInit2_") &&
	       LOAD(library, gzip, step, "inflate") && LOAD(library, gzip, end, "inflateEnd");
}

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	/* 15: the largest window; 16: with the header of gzip. */
	if (z != NULL && gzip.init(z, 15 + 16, ZLIB_VERSION, (int)sizeof(*z)) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_status gzip_step(void *state, struct unpack_buffers *b)
{
	z_stream *z = state;
	unsigned in = at_most_unsigned(b->in_left), out = at_most_unsigned(b->out_left);
	int code;

	z->next_in = (Bytef *)(uintptr_t)b->in;
	z->avail_in = in;
	z->next_out = b->out;
	z->avail_out = out;
	code = gzip.step(z, Z_NO_FLUSH);
	b->in += in - z->avail_in;
	b->in_left -= in - z->avail_in;
	b->out += out - z->avail_out;
	b->out_left -= out - z->avail_out;
	if (code == Z_STREAM_END)
		return UNPACK_END;
	if (code == Z_MEM_ERROR)
		return UNPACK_MEMORY;
	return code == Z_OK || code == Z_BUF_ERROR ? UNPACK_MORE : UNPACK_BROKEN;
}

static void gzip_close(void *state)
{
	if (state != NULL)
		gzip.end(state);
	free(state);
}

const struct packed_format packed_gzip = {
	.name = "gzip",
	.library = "libz.so.1",
	.package = "zlib1g",
	.magic = { 0x1f, 0x8b, 8 },
	.magic_length = 3,
	.load = gzip_load,
	.open = gzip_open,
	.step = gzip_step,
	.close = gzip_close,
};

/* ---- bzip2 ---- */

static struct {
	__typeof__(&BZ2_bzDecompressInit) init;
	__typeof__(&BZ2_bzDecompress) step;
	__typeof__(&BZ2_bzDecompressEnd) end;
} bzip2;

static bool bzip2_load(void *library)
{
	return LOAD(library, bzip2, init, "BZ2_bzDecompressInit") &&
	       LOAD(library, bzip2, step, "BZ2_bzDecompress") &&
	       LOAD(library, bzip2, end, "BZ2_bzDecompressEnd");
}

static void *bzip2_open(void)
{
	bz_stream *z = calloc(1, sizeof(*z));

	if (z != NULL && bzip2.init(z, 0, 0) != BZ_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_status bzip2_step(void *state, struct unpack_buffers *b)
{
	bz_stream *z = state;
	unsigned in = at_most_unsigned(b->in_left), out = at_most_unsigned(b->out_left);
	int code;

	z->next_in = (char *)(uintptr_t)b->in;
	z->avail_in = in;
	z->next_out = (char *)b->out;
	z->avail_out = out;
	code = bzip2.step(z);
	b->in += in - z->avail_in;
	b->in_left -= in - z->avail_in;
	b->out += out - z->avail_out;
	b->out_left -= out - z->avail_out;
	if (code == BZ_STREAM_END)
		return UNPACK_END;
	if (code == BZ_MEM_ERROR)
		return UNPACK_MEMORY;
	return code == BZ_OK ? UNPACK_MORE : UNPACK_BROKEN;
}

static void bzip2_close(void *state)
{
	if (state != NULL)
		bzip2.end(state);
	free(state);
}

const struct packed_format packed_bzip2 = {
	.name = "bzip2",
	.library = "libbz2.so.1.0",
	.package = "libbz2-1.0",
	.magic = { 'B', 'Z', 'h' },
	.magic_length = 3,
	.load = bzip2_load,
	.open = bzip2_open,
	.step = bzip2_step,
	.close = bzip2_close,
};

/* ---- xz ---- */

static struct {
	__typeof__(&lzma_stream_decoder) init;
	__typeof__(&lzma_code) step;
	__typeof__(&lzma_end) end;
} xz;

static bool xz_load(void *library)
{
	return LOAD(library, xz, init, "lzma_stream_decoder") &&
	       LOAD(library, xz, step, "lzma_code") && LOAD(library, xz, end, "lzma_end");
}

static void *xz_open(void)
{
	lzma_stream *z = calloc(1, sizeof(*z));

	if (z != NULL && xz.init(z, XZ_MEMORY_MAX, 0) != LZMA_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_status xz_step(void *state, struct unpack_buffers *b)
{
	lzma_stream *z = state;
	lzma_ret code;

	z->next_in = b->in;
	z->avail_in = b->in_left;
	z->next_out = b->out;
	z->avail_out = b->out_left;
	code = xz.step(z, LZMA_RUN);
	b->in = z->next_in;
	b->in_left = z->avail_in;
	b->out = z->next_out;
	b->out_left = z->avail_out;
	if (code == LZMA_STREAM_END)
		return UNPACK_END;
	if (code == LZMA_MEM_ERROR || code == LZMA_MEMLIMIT_ERROR)
		return UNPACK_MEMORY;
	return code == LZMA_OK || code == LZMA_BUF_ERROR ? UNPACK_MORE : UNPACK_BROKEN;
}

static void xz_close(void *state)
{
	if (state != NULL)
		xz.end(state);
	free(state);
}

const struct packed_format packed_xz = {
	.name = "xz",
	.library = "liblzma.so.5",
	.package = "liblzma5",
	.magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
	.magic_length = 6,
	.load = xz_load,
	.open = xz_open,
	.step = xz_step,
	.close = xz_close,
};
