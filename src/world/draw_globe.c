/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The projection is Natural Earth, made for maps of the whole world: continents look as one
 * knows them, and it leaves more room for Europe and North America than equal-area ones do,
 * which is where most marks are.
 */
#include "world/draw_globe.h"

#include <math.h>

#define RADIANS (3.14159265358979323846 / 180.0)

struct draw_point draw_project(double longitude, double latitude)
{
	double p = latitude * RADIANS, two = p * p, four = two * two;
	double along =
		0.870700 +
		two * (-0.131979 +
			      two * (-0.013791 + four * two * (0.003971 - 0.001529 * two)));
	double up = 1.007226 +
		    two * (0.015085 + four * (-0.044475 + 0.028874 * two - 0.005916 * four));

	return (struct draw_point){ (longitude - DRAW_MIDDLE) * RADIANS * along, p * up };
}

double draw_wrap(double longitude, double west)
{
	double turned = fmod(longitude - west, 360);

	return west + (turned < 0 ? turned + 360 : turned);
}

struct draw_point draw_project_wrapped(double longitude, double latitude)
{
	return draw_project(draw_wrap(longitude, DRAW_MIDDLE - 180), latitude);
}

struct vector {
	double x, y, z;
};

static struct vector vector_of(struct draw_degrees d)
{
	double flat = cos(d.latitude * RADIANS);

	return (struct vector){ flat * cos(d.longitude * RADIANS),
		flat * sin(d.longitude * RADIANS), sin(d.latitude * RADIANS) };
}

static struct draw_degrees degrees_of(struct vector v)
{
	return (struct draw_degrees){ .longitude = atan2(v.y, v.x) / RADIANS,
		.latitude = atan2(v.z, hypot(v.x, v.y)) / RADIANS };
}

static double angle(struct vector a, struct vector b)
{
	struct vector cross = { a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z,
		a.x * b.y - a.y * b.x };

	return atan2(
		hypot(hypot(cross.x, cross.y), cross.z), a.x * b.x + a.y * b.y + a.z * b.z);
}

double draw_angle(struct draw_degrees a, struct draw_degrees b)
{
	return angle(vector_of(a), vector_of(b)) / RADIANS;
}

struct draw_degrees draw_great_circle(struct draw_degrees a, struct draw_degrees b, double part)
{
	static const struct draw_degrees pole = { 0, 90 };
	struct vector from = vector_of(a), to = vector_of(b);
	double whole = angle(from, to), one, two;

	if (whole < 1e-9)
		return a;
	if (whole > 180 * RADIANS - 1e-6) {
		if (fabs(a.latitude) > 89.9)
			return (struct draw_degrees){ 0, a.latitude * (1 - 2 * part) };
		return part < 0.5 ? draw_great_circle(a, pole, part * 2)
				  : draw_great_circle(pole, b, part * 2 - 1);
	}
	one = sin((1 - part) * whole) / sin(whole);
	two = sin(part * whole) / sin(whole);
	return degrees_of((struct vector){ one * from.x + two * to.x, one * from.y + two * to.y,
		one * from.z + two * to.z });
}

int draw_crossing(
	struct draw_degrees a, struct draw_degrees b, double cut, double *ret_latitude)
{
	double left = draw_wrap(a.longitude - cut, -180),
	       right = draw_wrap(b.longitude - cut, -180);

	if (left * right >= 0 || fabs(left - right) >= 180)
		return 0;
	*ret_latitude = a.latitude + (b.latitude - a.latitude) * left / (left - right);
	return 1;
}
