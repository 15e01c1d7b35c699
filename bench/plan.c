/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What propagation costs: bench/plan [TOPOLOGY [CATCHMENTS]]. Two-site anycast from pairs of
 * random ASes that sell transit, with the processor time of the process; then on two cores at
 * once, a process each. Without a topology, a made-up Internet as large as the real one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "os/packed_file.h"
#include "plan/generate.h"
#include "plan/graph.h"
#include "plan/lanes.h"
#include "plan/propagate.h"

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

static int load(const char *path, struct plan_graph **ret_graph, struct error *error)
{
	struct packed_file *file;
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result;
	result = plan_graph_read(
		&(struct plan_source){ read_packed, file, path }, ret_graph, error);
	packed_file_close(file);
	return result;
}

static int run(const struct plan_graph *graph, unsigned long count, struct error *error)
{
	struct plan_route *routes = calloc(graph->as_count, sizeof(*routes));
	struct random random = { .state = 1 };
	unsigned long reached = 0;
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	int result = routes == NULL ? ERROR_MEMORY : 0;

	for (unsigned long i = 0; i < count && result == 0; i++) {
		struct plan_announcement a[2];

		for (int s = 0; s < 2; s++)
			a[s] = (struct plan_announcement){
				.upstream = random_below(&random, graph->transit_count),
				.class = PLAN_CUSTOMER,
				.site = (uint8_t)s,
				.length = 1,
			};
		result = plan_propagate(
			graph, &(struct plan_configuration){ PLAN_NONE, a, 2 }, routes, error);
		for (uint32_t v = 0; v < graph->as_count; v++)
			reached += routes[v].site != PLAN_SITE_NONE;
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (result == 0)
		printf("scalar: %lu catchments, %.2f ms wall, %.2f ms processor each; %.1f ASes "
		       "reached\n",
			count, wall * 1e3 / (double)count, cpu * 1e3 / (double)count,
			(double)reached / (double)count);
	free(routes);
	return result;
}

static enum plan_width widest(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return PLAN_WIDTH_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return PLAN_WIDTH_AVX2;
#endif
	return PLAN_WIDTH_GENERIC;
}

static void fill_lanes(const struct plan_graph *graph, struct random *random,
	struct plan_announcement a[PLAN_LANES][2], struct plan_configuration *c)
{
	for (int lane = 0; lane < PLAN_LANES; lane++) {
		for (int s = 0; s < 2; s++)
			a[lane][s] = (struct plan_announcement){
				.upstream = random_below(random, graph->transit_count),
				.class = PLAN_CUSTOMER,
				.site = (uint8_t)s,
				.length = 1,
			};
		c[lane] = (struct plan_configuration){ PLAN_NONE, a[lane], 2 };
	}
}

static int run_lanes(const struct plan_graph *graph, enum plan_width width,
	unsigned long batches, struct error *error)
{
	static const char *const names[] = { "generic", "AVX2", "AVX-512" };
	struct plan_announcement a[PLAN_LANES][2];
	struct plan_configuration c[PLAN_LANES];
	struct random random = { .state = 1 };
	struct plan_lanes *lanes = NULL;
	uint64_t touched = 0;
	int result = plan_lanes_create(graph, &lanes, error);
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), count;

	for (unsigned long i = 0; i < batches && result == 0; i++) {
		fill_lanes(graph, &random, a, c);
		result = plan_lanes_run(lanes, c, PLAN_LANES, width, error);
		touched += plan_lanes_touched(lanes);
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	count = (double)(batches * PLAN_LANES);
	if (result == 0)
		printf("lanes, %s: %.0f catchments/s wall, %.0f/s processor (one core); %.0f kB "
		       "touched each, %.1f GB/s of processor time; %.1f MB held\n",
			names[width], count / wall, count / cpu, (double)touched / count / 1e3,
			(double)touched / cpu / 1e9, (double)plan_lanes_memory(lanes) / 1e6);
	plan_lanes_free(lanes);
	return result;
}

#define PROCESSES 2
#define BATCHES   300

/* One process: all its batches, and nothing printed. */
static int work(const struct plan_graph *graph, uint64_t seed)
{
	struct plan_announcement a[PLAN_LANES][2];
	struct plan_configuration c[PLAN_LANES];
	struct random random = { .state = seed };
	struct plan_lanes *lanes = NULL;
	int result = plan_lanes_create(graph, &lanes, NULL);

	for (unsigned long i = 0; i < BATCHES && result == 0; i++) {
		fill_lanes(graph, &random, a, c);
		result = plan_lanes_run(lanes, c, PLAN_LANES, widest(), NULL);
	}
	plan_lanes_free(lanes);
	return result;
}

/* All cores: the graph is shared, lanes are each process's own. */
static int run_processes(const struct plan_graph *graph, struct error *error)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu;
	struct rusage used;
	int failed = 0, status;

	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(work(graph, (uint64_t)i + 1) != 0);
		failed |= pid < 0;
	}
	while (wait(&status) > 0)
		failed |= status != 0;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	if (failed != 0)
		return error_set(error, ERROR_SYSTEM, "a process failed");
	getrusage(RUSAGE_CHILDREN, &used);
	cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	printf("%d processes: %.0f catchments/s wall, %.0f/s of processor time each; largest "
	       "%.1f MB\n",
		PROCESSES, PROCESSES * BATCHES * PLAN_LANES / wall,
		PROCESSES * BATCHES * PLAN_LANES / cpu, (double)used.ru_maxrss / 1e3);
	return 0;
}

static int make_up(struct plan_graph **ret_graph, struct error *error)
{
	struct plan_world *world;
	int result = plan_generate(&(struct plan_recipe){ 1, 78643 }, &world, error);

	if (result != 0)
		return result;
	*ret_graph = world->graph;
	world->graph = NULL;
	plan_world_free(world);
	return 0;
}

int main(int argc, char **argv)
{
	struct error error = { 0 };
	struct plan_graph *graph = NULL;
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	int result;

	if (argc > 3) {
		fprintf(stderr, "usage: plan [TOPOLOGY [CATCHMENTS]]\n");
		return 2;
	}
	result = argc > 1 ? load(argv[1], &graph, &error) : make_up(&graph, &error);
	if (result == 0) {
		printf("loaded: %u ASes (%u with customers), %u links, %.3f s wall, %.3f s processor\n",
			graph->as_count, graph->transit_count, graph->link_count,
			seconds(CLOCK_MONOTONIC) - wall,
			seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
		result = run(graph, argc == 3 ? strtoul(argv[2], NULL, 10) : 200, &error);
		for (int width = PLAN_WIDTH_GENERIC; width <= (int)widest() && result == 0;
			width++)
			result = run_lanes(graph, (enum plan_width)width, 50, &error);
	}
	if (result == 0) {
		fflush(stdout);
		result = run_processes(graph, &error);
	}
	if (result != 0)
		fprintf(stderr, "%s:%u: %s\n", error.file, error.line, error.text);
	plan_graph_free(graph);
	return result == 0 ? 0 : 1;
}
