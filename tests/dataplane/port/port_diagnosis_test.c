// SPDX-License-Identifier: BSD-3-Clause
// A device that cannot be opened gives one true line that says what to do.
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "dataplane_fixture.h"
#include "port_diagnosis.h"

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

Test(port_diagnosis, argument, .description = "an argument that the driver does not have is named")
{
	fixture_open(&fixture, 1, 0);
	expect("net_null0,foo=1", EINVAL,
		"net_null has no argument \"foo\", but size, copy, no-rx");
	expect("net_null0,size=64,no-r=1", EINVAL, "no argument \"no-r\"");
	expect("net_null0,copy=1,rx=1", EINVAL, "no argument \"rx\"");
	expect("net_pcap0,rx_pcp=x.pcap", EINVAL, "net_pcap has no argument \"rx_pcp\"");
	fixture_close(&fixture);
}

Test(port_diagnosis, refused,
	.description = "drivers return -1 for any error: it is not called a lack of permission")
{
	struct dataplane_error error = {""};

	fixture_open(&fixture, 1, 0);
	expect("net_memif0,role=foo", EPERM, "net_memif refuses it: check the values");
	expect("net_pcap0,rx_pcap=/proc,tx_drop=1", EISDIR, "cannot open /proc: Is a directory");
	expect("net_pcap0,rx_pcap=/proc/self/status,tx_drop=1", EINVAL,
		"/proc/self/status is no capture: its format is neither pcap nor pcapng");
	fixture_close(&fixture);
	cr_expect_eq(port_diagnosis("net_tun0", EPERM, &error), -EPERM);
	cr_expect(strstr(error.text, "not permitted") == NULL, "%s", error.text);
	cr_expect_eq(port_diagnosis("net_tun0", ENOMEM, &error), -ENOMEM);
	cr_expect(strstr(error.text, "net_tun refuses it: Cannot allocate memory") != NULL, "%s",
		error.text);
}

Test(port_diagnosis, pci, .description = "a PCI device that EAL cannot see is recognised")
{
	fixture_open(&fixture, 1, 0);
	expect("0000:99:00.0", ENODEV, "EAL does not use PCI: set `eal` without --no-pci");
	expect("pci:99:00.0", ENODEV, "EAL does not use PCI");
	expect("zz:99:00.0", ENODEV, "no device or driver named \"zz:99:00.0\"");
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
