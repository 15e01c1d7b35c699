/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cities of the made-up Internet, and names for places in a plan. Users are those of the
 * region around a city, so that all regions together hold what the world has; both numbers are
 * rough on purpose. Coordinates are of the city, to the hundredth of a degree.
 *
 * Invariants:
 *  1. Codes are unique, in lower case; names are unique.
 */
#include "plan/city.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define EARTH_KM 6371.0
#define RADIANS  (3.14159265358979323846 / 180.0)

/* clang-format off */
const struct plan_city plan_cities[] = {
	{ "ams", "Amsterdam", "NL", { 52.37F, 4.90F }, 17.0F, 1.0F },
	{ "fra", "Frankfurt", "DE", { 50.11F, 8.68F }, 40.0F, 1.0F },
	{ "lon", "London", "GB", { 51.51F, -0.13F }, 45.0F, 0.9F },
	{ "par", "Paris", "FR", { 48.86F, 2.35F }, 40.0F, 0.6F },
	{ "mad", "Madrid", "ES", { 40.42F, -3.70F }, 28.0F, 0.3F },
	{ "bcn", "Barcelona", "ES", { 41.39F, 2.17F }, 12.0F, 0.1F },
	{ "lis", "Lisbon", "PT", { 38.72F, -9.14F }, 9.0F, 0.1F },
	{ "dub", "Dublin", "IE", { 53.35F, -6.26F }, 5.0F, 0.15F },
	{ "bru", "Brussels", "BE", { 50.85F, 4.35F }, 10.0F, 0.1F },
	{ "dus", "Dusseldorf", "DE", { 51.23F, 6.78F }, 20.0F, 0.25F },
	{ "ber", "Berlin", "DE", { 52.52F, 13.40F }, 12.0F, 0.3F },
	{ "muc", "Munich", "DE", { 48.14F, 11.58F }, 12.0F, 0.15F },
	{ "ham", "Hamburg", "DE", { 53.55F, 9.99F }, 8.0F, 0.2F },
	{ "zrh", "Zurich", "CH", { 47.37F, 8.54F }, 8.0F, 0.25F },
	{ "vie", "Vienna", "AT", { 48.21F, 16.37F }, 8.0F, 0.25F },
	{ "mil", "Milan", "IT", { 45.46F, 9.19F }, 25.0F, 0.4F },
	{ "rom", "Rome", "IT", { 41.90F, 12.50F }, 25.0F, 0.2F },
	{ "mrs", "Marseille", "FR", { 43.30F, 5.37F }, 10.0F, 0.2F },
	{ "cph", "Copenhagen", "DK", { 55.68F, 12.57F }, 6.0F, 0.15F },
	{ "sto", "Stockholm", "SE", { 59.33F, 18.07F }, 9.0F, 0.3F },
	{ "osl", "Oslo", "NO", { 59.91F, 10.75F }, 5.0F, 0.1F },
	{ "hel", "Helsinki", "FI", { 60.17F, 24.94F }, 5.0F, 0.1F },
	{ "waw", "Warsaw", "PL", { 52.23F, 21.01F }, 30.0F, 0.5F },
	{ "prg", "Prague", "CZ", { 50.08F, 14.44F }, 9.0F, 0.3F },
	{ "bud", "Budapest", "HU", { 47.50F, 19.04F }, 8.0F, 0.15F },
	{ "buh", "Bucharest", "RO", { 44.43F, 26.10F }, 16.0F, 0.2F },
	{ "sof", "Sofia", "BG", { 42.70F, 23.32F }, 5.0F, 0.2F },
	{ "beg", "Belgrade", "RS", { 44.79F, 20.45F }, 6.0F, 0.05F },
	{ "ath", "Athens", "GR", { 37.98F, 23.73F }, 8.0F, 0.1F },
	{ "ist", "Istanbul", "TR", { 41.01F, 28.98F }, 60.0F, 0.15F },
	{ "iev", "Kyiv", "UA", { 50.45F, 30.52F }, 30.0F, 0.35F },
	{ "mow", "Moscow", "RU", { 55.76F, 37.62F }, 70.0F, 0.6F },
	{ "led", "Saint Petersburg", "RU", { 59.93F, 30.34F }, 15.0F, 0.3F },
	{ "svx", "Yekaterinburg", "RU", { 56.84F, 60.61F }, 20.0F, 0.1F },
	{ "ovb", "Novosibirsk", "RU", { 55.03F, 82.92F }, 15.0F, 0.1F },
	{ "vvo", "Vladivostok", "RU", { 43.12F, 131.89F }, 5.0F, 0.03F },
	{ "rix", "Riga", "LV", { 56.95F, 24.11F }, 5.0F, 0.08F },
	{ "tlv", "Tel-Aviv", "IL", { 32.08F, 34.78F }, 8.0F, 0.05F },
	{ "dxb", "Dubai", "AE", { 25.20F, 55.27F }, 9.0F, 0.15F },
	{ "ruh", "Riyadh", "SA", { 24.71F, 46.68F }, 33.0F, 0.06F },
	{ "thr", "Tehran", "IR", { 35.69F, 51.39F }, 65.0F, 0.05F },
	{ "bgw", "Baghdad", "IQ", { 33.31F, 44.37F }, 25.0F, 0.02F },
	{ "ala", "Almaty", "KZ", { 43.24F, 76.89F }, 17.0F, 0.04F },
	{ "tas", "Tashkent", "UZ", { 41.30F, 69.24F }, 25.0F, 0.03F },
	{ "cai", "Cairo", "EG", { 30.04F, 31.24F }, 70.0F, 0.05F },
	{ "cas", "Casablanca", "MA", { 33.57F, -7.59F }, 28.0F, 0.02F },
	{ "alg", "Algiers", "DZ", { 36.75F, 3.06F }, 30.0F, 0.01F },
	{ "tun", "Tunis", "TN", { 36.81F, 10.18F }, 9.0F, 0.02F },
	{ "los", "Lagos", "NG", { 6.52F, 3.38F }, 90.0F, 0.12F },
	{ "acc", "Accra", "GH", { 5.60F, -0.19F }, 18.0F, 0.04F },
	{ "abj", "Abidjan", "CI", { 5.36F, -4.01F }, 13.0F, 0.02F },
	{ "dkr", "Dakar", "SN", { 14.72F, -17.47F }, 9.0F, 0.02F },
	{ "nbo", "Nairobi", "KE", { -1.29F, 36.82F }, 22.0F, 0.1F },
	{ "add", "Addis Ababa", "ET", { 9.03F, 38.74F }, 20.0F, 0.01F },
	{ "dar", "Dar es Salaam", "TZ", { -6.79F, 39.21F }, 18.0F, 0.03F },
	{ "kgl", "Kigali", "RW", { -1.94F, 30.06F }, 4.0F, 0.02F },
	{ "jnb", "Johannesburg", "ZA", { -26.20F, 28.05F }, 30.0F, 0.3F },
	{ "cpt", "Cape Town", "ZA", { -33.92F, 18.42F }, 10.0F, 0.15F },
	{ "lad", "Luanda", "AO", { -8.84F, 13.23F }, 11.0F, 0.03F },
	{ "fih", "Kinshasa", "CD", { -4.32F, 15.31F }, 18.0F, 0.02F },
	{ "nyc", "New York", "US", { 40.71F, -74.01F }, 40.0F, 0.5F },
	{ "iad", "Ashburn", "US", { 39.04F, -77.49F }, 25.0F, 0.6F },
	{ "bos", "Boston", "US", { 42.36F, -71.06F }, 12.0F, 0.1F },
	{ "atl", "Atlanta", "US", { 33.75F, -84.39F }, 25.0F, 0.2F },
	{ "mia", "Miami", "US", { 25.76F, -80.19F }, 18.0F, 0.35F },
	{ "chi", "Chicago", "US", { 41.88F, -87.63F }, 30.0F, 0.4F },
	{ "dfw", "Dallas", "US", { 32.78F, -96.80F }, 28.0F, 0.35F },
	{ "hou", "Houston", "US", { 29.76F, -95.37F }, 12.0F, 0.1F },
	{ "den", "Denver", "US", { 39.74F, -104.99F }, 10.0F, 0.12F },
	{ "phx", "Phoenix", "US", { 33.45F, -112.07F }, 10.0F, 0.08F },
	{ "lax", "Los Angeles", "US", { 34.05F, -118.24F }, 30.0F, 0.4F },
	{ "sjc", "San Jose", "US", { 37.34F, -121.89F }, 15.0F, 0.45F },
	{ "sea", "Seattle", "US", { 47.61F, -122.33F }, 10.0F, 0.35F },
	{ "msp", "Minneapolis", "US", { 44.98F, -93.27F }, 8.0F, 0.1F },
	{ "yto", "Toronto", "CA", { 43.65F, -79.38F }, 14.0F, 0.25F },
	{ "ymq", "Montreal", "CA", { 45.50F, -73.57F }, 8.0F, 0.1F },
	{ "yvr", "Vancouver", "CA", { 49.28F, -123.12F }, 6.0F, 0.1F },
	{ "mex", "Mexico City", "MX", { 19.43F, -99.13F }, 70.0F, 0.06F },
	{ "qro", "Queretaro", "MX", { 20.59F, -100.39F }, 20.0F, 0.03F },
	{ "gua", "Guatemala City", "GT", { 14.63F, -90.51F }, 9.0F, 0.01F },
	{ "sjo", "San Jose (CR)", "CR", { 9.93F, -84.08F }, 4.0F, 0.02F },
	{ "pty", "Panama City", "PA", { 8.98F, -79.52F }, 3.0F, 0.03F },
	{ "sdq", "Santo Domingo", "DO", { 18.49F, -69.93F }, 8.0F, 0.01F },
	{ "bog", "Bogota", "CO", { 4.71F, -74.07F }, 36.0F, 0.08F },
	{ "ccs", "Caracas", "VE", { 10.48F, -66.90F }, 20.0F, 0.01F },
	{ "uio", "Quito", "EC", { -0.18F, -78.47F }, 13.0F, 0.03F },
	{ "lim", "Lima", "PE", { -12.05F, -77.04F }, 24.0F, 0.05F },
	{ "scl", "Santiago", "CL", { -33.45F, -70.67F }, 17.0F, 0.1F },
	{ "bue", "Buenos Aires", "AR", { -34.60F, -58.38F }, 40.0F, 0.15F },
	{ "mvd", "Montevideo", "UY", { -34.90F, -56.16F }, 3.0F, 0.02F },
	{ "sao", "Sao Paulo", "BR", { -23.55F, -46.63F }, 80.0F, 0.9F },
	{ "rio", "Rio de Janeiro", "BR", { -22.91F, -43.17F }, 25.0F, 0.3F },
	{ "for", "Fortaleza", "BR", { -3.73F, -38.53F }, 30.0F, 0.25F },
	{ "poa", "Porto Alegre", "BR", { -30.03F, -51.23F }, 15.0F, 0.15F },
	{ "bsb", "Brasilia", "BR", { -15.79F, -47.88F }, 15.0F, 0.1F },
	{ "tyo", "Tokyo", "JP", { 35.68F, 139.69F }, 70.0F, 0.4F },
	{ "osa", "Osaka", "JP", { 34.69F, 135.50F }, 40.0F, 0.2F },
	{ "sel", "Seoul", "KR", { 37.57F, 126.98F }, 48.0F, 0.1F },
	{ "bjs", "Beijing", "CN", { 39.90F, 116.41F }, 250.0F, 0.1F },
	{ "sha", "Shanghai", "CN", { 31.23F, 121.47F }, 300.0F, 0.1F },
	{ "can", "Guangzhou", "CN", { 23.13F, 113.26F }, 300.0F, 0.1F },
	{ "ctu", "Chengdu", "CN", { 30.57F, 104.07F }, 150.0F, 0.02F },
	{ "hkg", "Hong Kong", "HK", { 22.32F, 114.17F }, 7.0F, 0.4F },
	{ "tpe", "Taipei", "TW", { 25.03F, 121.57F }, 21.0F, 0.15F },
	{ "mnl", "Manila", "PH", { 14.60F, 120.98F }, 80.0F, 0.08F },
	{ "sgn", "Ho Chi Minh City", "VN", { 10.82F, 106.63F }, 40.0F, 0.05F },
	{ "han", "Hanoi", "VN", { 21.03F, 105.85F }, 38.0F, 0.05F },
	{ "bkk", "Bangkok", "TH", { 13.76F, 100.50F }, 58.0F, 0.12F },
	{ "kul", "Kuala Lumpur", "MY", { 3.14F, 101.69F }, 30.0F, 0.1F },
	{ "sin", "Singapore", "SG", { 1.35F, 103.82F }, 6.0F, 0.5F },
	{ "jkt", "Jakarta", "ID", { -6.21F, 106.85F }, 200.0F, 0.35F },
	{ "rgn", "Yangon", "MM", { 16.87F, 96.20F }, 22.0F, 0.02F },
	{ "dac", "Dhaka", "BD", { 23.81F, 90.41F }, 70.0F, 0.15F },
	{ "del", "Delhi", "IN", { 28.61F, 77.21F }, 250.0F, 0.2F },
	{ "bom", "Mumbai", "IN", { 19.08F, 72.88F }, 220.0F, 0.35F },
	{ "maa", "Chennai", "IN", { 13.08F, 80.27F }, 150.0F, 0.2F },
	{ "ccu", "Kolkata", "IN", { 22.57F, 88.36F }, 120.0F, 0.1F },
	{ "cmb", "Colombo", "LK", { 6.93F, 79.86F }, 12.0F, 0.02F },
	{ "ktm", "Kathmandu", "NP", { 27.72F, 85.32F }, 16.0F, 0.03F },
	{ "khi", "Karachi", "PK", { 24.86F, 67.00F }, 60.0F, 0.05F },
	{ "lhe", "Lahore", "PK", { 31.52F, 74.36F }, 50.0F, 0.03F },
	{ "kbl", "Kabul", "AF", { 34.56F, 69.21F }, 8.0F, 0.01F },
	{ "syd", "Sydney", "AU", { -33.87F, 151.21F }, 12.0F, 0.25F },
	{ "mel", "Melbourne", "AU", { -37.81F, 144.96F }, 8.0F, 0.15F },
	{ "per", "Perth", "AU", { -31.95F, 115.86F }, 3.0F, 0.08F },
	{ "akl", "Auckland", "NZ", { -36.85F, 174.76F }, 5.0F, 0.1F },
	{ "nou", "Noumea", "NC", { -22.28F, 166.46F }, 1.0F, 0.01F },
	{ "hnl", "Honolulu", "US", { 21.31F, -157.86F }, 2.0F, 0.03F },
};
/* clang-format on */

const size_t plan_city_count = sizeof(plan_cities) / sizeof(plan_cities[0]);

const struct plan_city *plan_city_find(const char *text)
{
	for (size_t i = 0; i < plan_city_count; i++)
		if (strcasecmp(plan_cities[i].code, text) == 0 ||
			strcasecmp(plan_cities[i].name, text) == 0)
			return &plan_cities[i];
	return NULL;
}

const struct plan_city *plan_city_closest(const char *text)
{
	const struct plan_city *best = NULL;
	unsigned least = strlen(text) < 4 ? 2 : 4;

	for (size_t i = 0; i < plan_city_count; i++) {
		unsigned distance = text_distance(text, plan_cities[i].name, least);

		if (distance < least) {
			least = distance;
			best = &plan_cities[i];
		}
	}
	return best;
}

double plan_distance_km(struct plan_place a, struct plan_place b)
{
	double north = (b.latitude - a.latitude) * RADIANS / 2;
	double east = (b.longitude - a.longitude) * RADIANS / 2;
	double half = sin(north) * sin(north) + cos(a.latitude * RADIANS) *
							cos(b.latitude * RADIANS) * sin(east) *
							sin(east);

	return 2 * EARTH_KM * asin(half >= 1 ? 1 : sqrt(half));
}
