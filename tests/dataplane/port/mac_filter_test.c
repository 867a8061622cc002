// SPDX-License-Identifier: BSD-3-Clause
// Reference counts of MAC addresses, and the fallbacks for devices that refuse filters.
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include "mac_filter.h"

struct device {
	int room; // number of exact filters; negative: it supports none
	bool refuses_allmulticast;
	unsigned n; // exact filters set
	struct rte_ether_addr macs[MAC_FILTER_MAX];
	bool allmulticast, promiscuous;
	unsigned calls;
};

static int set_list(void *arg, const struct rte_ether_addr *macs, unsigned n)
{
	struct device *device = arg;

	device->calls++;
	if (device->room < 0)
		return -ENOTSUP;
	if ((int)n > device->room)
		return -ENOSPC;
	memcpy(device->macs, macs, n * sizeof(*macs));
	device->n = n;
	return 0;
}

static int allmulticast(void *arg, bool on)
{
	struct device *device = arg;

	if (device->refuses_allmulticast)
		return -ENOTSUP;
	device->allmulticast = on;
	return 0;
}

static int promiscuous(void *arg, bool on)
{
	struct device *device = arg;

	device->promiscuous = on;
	return 0;
}

static const struct mac_filter_ops ops = {
	.set_list = set_list,
	.allmulticast = allmulticast,
	.promiscuous = promiscuous,
};

static struct rte_ether_addr mac(unsigned i)
{
	return (struct rte_ether_addr){{1, 0, 0x5e, i >> 16 & 0x7f, i >> 8, i}};
}

static void add(struct mac_filter *filter, unsigned i)
{
	struct rte_ether_addr addr = mac(i);

	cr_assert_eq(mac_filter_add(filter, &addr), 0);
}

static void drop(struct mac_filter *filter, unsigned i)
{
	struct rte_ether_addr addr = mac(i);

	mac_filter_remove(filter, &addr);
}

Test(mac_filter, counted, .description = "32 groups share a MAC: the last to leave removes it")
{
	struct rte_ether_addr wanted = {{1, 0, 0x5e, 0, 0, 1}};
	struct device device = {.room = 8};
	struct mac_filter filter;

	mac_filter_init(&filter, &ops, &device);
	add(&filter, 1);
	add(&filter, 1);
	cr_expect_eq(device.calls, 1);
	cr_expect_eq(device.n, 1);
	cr_expect_arr_eq(&device.macs[0], &wanted, sizeof(wanted));
	drop(&filter, 1);
	cr_expect_eq(device.n, 1);
	drop(&filter, 1);
	cr_expect_eq(device.n, 0);
	drop(&filter, 1);
	cr_expect_eq(filter.counts.n, 0);
	cr_expect_eq(filter.mode, PORT_FILTERS);
	cr_expect_str_empty(filter.reason);
	mac_filter_fini(&filter);
}

Test(mac_filter, overflow, .description = "a full device falls back to allmulticast and returns")
{
	struct device device = {.room = 4};
	struct mac_filter filter;

	mac_filter_init(&filter, &ops, &device);
	for (unsigned i = 0; i < 6; i++)
		add(&filter, i);
	cr_expect_eq(filter.mode, PORT_ALLMULTICAST);
	cr_expect(device.allmulticast);
	cr_expect_str_eq(filter.reason, "set_mc_addr_list: No space left on device");
	cr_expect_eq(filter.counts.n, 6);
	drop(&filter, 0);
	cr_expect_eq(filter.mode, PORT_ALLMULTICAST);
	drop(&filter, 1);
	cr_expect_eq(filter.mode, PORT_FILTERS);
	cr_expect_not(device.allmulticast);
	cr_expect_eq(device.n, 4);
	mac_filter_fini(&filter);
}

Test(mac_filter, unsupported, .description = "a device that refuses all filters is promiscuous")
{
	struct device device = {.room = -1, .refuses_allmulticast = true};
	struct mac_filter filter;

	mac_filter_init(&filter, &ops, &device);
	for (unsigned i = 0; i < 3; i++)
		add(&filter, i);
	cr_expect_eq(device.calls, 1, "it is tried once");
	cr_expect_eq(filter.mode, PORT_PROMISCUOUS);
	cr_expect(device.promiscuous);
	cr_expect_str_eq(filter.reason, "allmulticast: Operation not supported");
	mac_filter_fini(&filter);
}

Test(mac_filter, random, .description = "the counts equal those of a plain array")
{
	enum { N = 3000 };
	struct device device = {.room = 100};
	struct mac_filter filter;
	unsigned counts[N] = {0}, n = 0, seed = 7;

	mac_filter_init(&filter, &ops, &device);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned i = rand_r(&seed) % N;

		// Grows and shrinks in turn, so that the table fills and empties.
		if ((rand_r(&seed) % 100 < 70) == (round / 20000 % 2 == 0)) {
			n += counts[i]++ == 0;
			add(&filter, i);
		} else {
			n -= counts[i] == 1;
			counts[i] -= counts[i] > 0;
			drop(&filter, i);
		}
		cr_assert_eq(filter.counts.n, n);
		cr_assert_eq(
			filter.mode == PORT_FILTERS, n <= 100, "%u in mode %u", n, filter.mode);
		if (filter.mode == PORT_FILTERS)
			cr_assert_eq(device.n, n);
	}
	mac_filter_fini(&filter);
}

Test(mac_filter, segments,
	.description =
		"100,000 addresses are spread over segments that grow and shrink by themselves")
{
	enum { N = 100000, SEGMENT_MAX = 4096 };
	struct device device = {.room = -1};
	struct mac_filter filter;

	mac_filter_init(&filter, &ops, &device);
	for (unsigned i = 0; i < N; i++)
		add(&filter, i);
	cr_expect_eq(filter.counts.n, N);
	for (unsigned i = 0; i < MAC_COUNTS_SEGMENTS; i++)
		cr_expect_leq(filter.counts.segments[i].n_slots, SEGMENT_MAX);
	for (unsigned i = 0; i < N; i++)
		drop(&filter, i);
	for (unsigned i = 0; i < MAC_COUNTS_SEGMENTS; i++)
		cr_expect_null(filter.counts.segments[i].slots);
	mac_filter_fini(&filter);
}
