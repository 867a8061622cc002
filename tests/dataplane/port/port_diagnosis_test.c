// SPDX-License-Identifier: BSD-3-Clause
// A device that cannot be opened gives one true line that says what to do.
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "dataplane_fixture.h"

TestSuite(port_diagnosis, .init = fixture_eal, .timeout = 60);

static struct dataplane_fixture fixture;

static void expect(const char *device, int code, const char *text)
{
	const struct port_config config = {.name = "in", .device = device, .queues = 1};
	struct dataplane_error error = {""};
	struct port *port;

	cr_expect_eq(dataplane_add_port(fixture.dp, &config, &port, &error), -code, "%s", device);
	cr_expect(strstr(error.text, text) != NULL, "%s: \"%s\" without \"%s\"", device, error.text,
		text);
	cr_expect(strstr(error.text, device) != NULL, "\"%s\" names no device", error.text);
}

Test(port_diagnosis, missing, .description = "a missing interface or file is named as the cause")
{
	fixture_open(&fixture, 1, 0);
	expect("net_af_packet0,iface=sl9", ENODEV,
		"no interface \"sl9\": ip link shows none of that name");
	expect("net_af_packet0", EINVAL, "add the network interface to use: iface=NAME");
	expect("net_af_xdp0,iface=sl9", ENODEV, "no interface \"sl9\"");
	expect("net_pcap0,rx_pcap=/nowhere/x.pcap,tx_drop=1", ENOENT,
		"cannot open /nowhere/x.pcap: No such file or directory");
	expect("net_pcap0,tx_pcap=/nowhere/y.pcap", ENOENT, "cannot open /nowhere/y.pcap");
	expect("net_pcap0,iface=sl9", ENODEV, "no interface \"sl9\"");
	expect("net_memif0,role=server,socket=/nowhere/z.sock,socket-abstract=no", ENOENT,
		"cannot open /nowhere: No such file or directory");
	fixture_close(&fixture);
}

Test(port_diagnosis, misspelt, .description = "for a misspelt driver the intended one is suggested")
{
	fixture_open(&fixture, 1, 0);
	expect("net_tp0,iface=sl0", ENODEV,
		"no DPDK driver is named \"net_tp\": did you mean net_tap?");
	expect("net_af_paket0,iface=lo", ENODEV, "did you mean net_af_packet?");
	expect("net_memf0", ENODEV, "did you mean net_memif?");
	expect("eth9", ENODEV, "no device or driver named \"eth\"");
	fixture_close(&fixture);
}

Test(port_diagnosis, permission, .description = "the privilege that the user lacks is named")
{
	fixture_open(&fixture, 1, 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	expect("net_af_packet0,iface=lo", EPERM, "it takes root or CAP_NET_RAW");
	expect("net_pcap0,rx_pcap=/etc/shadow,tx_drop=1", EACCES,
		"cannot open /etc/shadow: Permission denied");
	if (access("/dev/net/tun", F_OK) == 0)
		expect("net_tap0,iface=sl0", EPERM, "it takes root or CAP_NET_ADMIN");
	fixture_close(&fixture);
	// LeakSanitizer traces the process at its end, which a change of user forbids.
	cr_assert_eq(seteuid(getuid()), 0);
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}
