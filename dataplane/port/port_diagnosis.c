// SPDX-License-Identifier: BSD-3-Clause
#include "port_diagnosis.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <rte_common.h>
#include <rte_eal.h>
#include <rte_pci.h>
#include "dataplane_error.h"

#define TYPOS_MAX 3 // letters that a misspelt name may have wrong

struct driver {
	const char *name;
	const char *arguments; // separated by ", "; NULL: the driver ignores or reads others, too
	int (*check)(const char *device, struct dataplane_error *error); // or NULL
};

bool port_diagnosis_argument(
	const char *device, const char *name, char value[PORT_DIAGNOSIS_TEXT_MAX])
{
	const size_t len = strlen(name);
	const char *at = device;

	while ((at = strchr(at, ',')) != NULL) {
		at++;
		if (strncmp(at, name, len) == 0 && at[len] == '=') {
			at += len + 1;
			snprintf(value, PORT_DIAGNOSIS_TEXT_MAX, "%.*s", (int)strcspn(at, ","), at);
			return true;
		}
	}
	return false;
}

static int no_file(const char *device, const char *path, int code, struct dataplane_error *error)
{
	return dataplane_error_set(
		error, code, "device \"%s\": cannot open %s: %s", device, path, strerror(code));
}

static int check_interface(const char *device, struct dataplane_error *error)
{
	char name[PORT_DIAGNOSIS_TEXT_MAX];

	if (!port_diagnosis_argument(device, "iface", name))
		return dataplane_error_set(error, EINVAL,
			"device \"%s\": add the network interface to use: iface=NAME", device);
	if (if_nametoindex(name) == 0)
		return dataplane_error_set(error, ENODEV,
			"device \"%s\": no interface \"%s\": ip link shows none of that name",
			device, name);
	return 0;
}

static int check_packet_socket(const char *device, struct dataplane_error *error)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	int code = errno;

	if (fd < 0)
		return dataplane_error_set(error, code,
			"device \"%s\": cannot open a packet socket: %s: it takes root or "
			"CAP_NET_RAW",
			device, strerror(code));
	close(fd);
	return 0;
}

static int check_packet(const char *device, struct dataplane_error *error)
{
	int rc = check_interface(device, error);

	return rc < 0 ? rc : check_packet_socket(device, error);
}

// Creates a tap like the driver. It disappears when its file is closed.
static int check_tap(const char *device, struct dataplane_error *error)
{
	static const char path[] = "/dev/net/tun";
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	char name[PORT_DIAGNOSIS_TEXT_MAX];
	int fd = open(path, O_RDWR | O_CLOEXEC), code;

	if (fd < 0)
		return no_file(device, path, errno, error);
	if (port_diagnosis_argument(device, "iface", name) && strlen(name) >= IFNAMSIZ) {
		close(fd);
		return dataplane_error_set(error, ENAMETOOLONG,
			"device \"%s\": interface name \"%s\" is longer than %d letters", device,
			name, IFNAMSIZ - 1);
	}
	if (port_diagnosis_argument(device, "iface", name))
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%.*s", IFNAMSIZ - 1, name);
	code = ioctl(fd, TUNSETIFF, &request) < 0 ? errno : 0;
	close(fd);
	if (code == EPERM)
		return dataplane_error_set(error, code,
			"device \"%s\": cannot make a tap interface: %s: it takes root or "
			"CAP_NET_ADMIN",
			device, strerror(code));
	if (code != 0)
		return dataplane_error_set(error, code,
			"device \"%s\": cannot make tap interface \"%s\": %s", device,
			request.ifr_name, strerror(code));
	return 0;
}

// A capture begins with the magic number of pcap, in one of two units of time and in either byte
// order, or of pcapng.
static int check_capture(const char *device, const char *path, struct dataplane_error *error)
{
	static const uint32_t magics[] = {
		0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a};
	uint32_t magic = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code;
	ssize_t n;

	if (fd < 0)
		return no_file(device, path, errno, error);
	n = read(fd, &magic, sizeof(magic));
	code = errno;
	close(fd);
	if (n < 0)
		return no_file(device, path, code, error);
	for (unsigned i = 0; i < RTE_DIM(magics); i++)
		if (magic == magics[i])
			return 0;
	return dataplane_error_set(error, EINVAL,
		"device \"%s\": %s is no capture: its format is neither pcap nor pcapng", device,
		path);
}

static int check_pcap(const char *device, struct dataplane_error *error)
{
	char path[PORT_DIAGNOSIS_TEXT_MAX], name[PORT_DIAGNOSIS_TEXT_MAX];
	int rc = 0;

	if (port_diagnosis_argument(device, "rx_pcap", path))
		rc = check_capture(device, path, error);
	if (rc < 0)
		return rc;
	if (port_diagnosis_argument(device, "tx_pcap", path)) {
		FILE *file = fopen(path, "a");

		if (file == NULL)
			return no_file(device, path, errno, error);
		fclose(file);
	}
	if (port_diagnosis_argument(device, "iface", name) ||
		port_diagnosis_argument(device, "rx_iface", name) ||
		port_diagnosis_argument(device, "tx_iface", name)) {
		if (if_nametoindex(name) == 0)
			return dataplane_error_set(error, ENODEV,
				"device \"%s\": no interface \"%s\": ip link shows none of that "
				"name",
				device, name);
		return check_packet_socket(device, error);
	}
	return 0;
}

static int check_memif(const char *device, struct dataplane_error *error)
{
	char path[PORT_DIAGNOSIS_TEXT_MAX], *slash;

	if (!port_diagnosis_argument(device, "socket", path))
		return 0;
	slash = strrchr(path, '/');
	if (slash == NULL)
		return 0;
	slash[slash == path] = '\0';
	return euidaccess(path, W_OK | X_OK) < 0 ? no_file(device, path, errno, error) : 0;
}

static const struct driver drivers[] = {
	{"net_af_packet", "iface, qpairs, blocksz, framesz, framecnt, qdisc_bypass", check_packet},
	{"net_af_xdp",
		"iface, start_queue, queue_count, shared_umem, xdp_prog, busy_budget, force_copy",
		check_packet},
	{"net_bonding", NULL, NULL},
	{"net_failsafe", NULL, NULL},
	{"net_memif", NULL, check_memif},
	{"net_null", "size, copy, no-rx", NULL},
	{"net_pcap",
		"rx_pcap, tx_pcap, rx_iface, rx_iface_in, tx_iface, iface, phy_mac, infinite_rx, "
		"tx_drop",
		check_pcap},
	{"net_ring", NULL, NULL},
	{"net_tap", NULL, check_tap},
	{"net_tun", NULL, NULL},
	{"net_vhost", NULL, NULL},
	{"net_virtio_user", NULL, NULL},
};

static bool has_argument(const struct driver *driver, const char *name, size_t len)
{
	const char *at = driver->arguments;

	while (strncmp(at, name, len) != 0 || (at[len] != ',' && at[len] != '\0')) {
		at = strchr(at, ' ');
		if (at == NULL)
			return false;
		at++;
	}
	return true;
}

static int check_arguments(
	const struct driver *driver, const char *device, struct dataplane_error *error)
{
	const char *at = strchr(device, ',');

	for (; driver->arguments != NULL && at != NULL; at = strchr(at, ',')) {
		const size_t len = strcspn(++at, "=,");

		if (!has_argument(driver, at, len))
			return dataplane_error_set(error, EINVAL,
				"device \"%s\": %s has no argument \"%.*s\", but %s", device,
				driver->name, (int)len, at, driver->arguments);
	}
	return 0;
}

// The number of letters to add, remove or replace (Levenshtein distance).
static unsigned typos(const char *a, const char *b)
{
	unsigned row[PORT_DIAGNOSIS_TEXT_MAX];
	const unsigned n = RTE_MIN(strlen(b), (size_t)PORT_DIAGNOSIS_TEXT_MAX - 1);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			const unsigned replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = RTE_MIN(replace, RTE_MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

static int unknown_driver(const char *device, const char *name, struct dataplane_error *error)
{
	const struct driver *nearest = NULL;
	unsigned least = TYPOS_MAX + 1;

	for (unsigned i = 0; i < RTE_DIM(drivers); i++) {
		unsigned n = typos(drivers[i].name, name);

		if (n < least) {
			least = n;
			nearest = &drivers[i];
		}
	}
	if (nearest != NULL)
		return dataplane_error_set(error, ENODEV,
			"device \"%s\": no DPDK driver is named \"%s\": did you mean %s?", device,
			name, nearest->name);
	return dataplane_error_set(error, ENODEV,
		"device \"%s\": DPDK has no device or driver named \"%s\"", device, name);
}

// The file of a VFIO group is owned by root by default.
static int check_vfio(const char *device, const char *address, struct dataplane_error *error)
{
	char link[PORT_DIAGNOSIS_TEXT_MAX + 64], target[PORT_DIAGNOSIS_TEXT_MAX], path[64];
	const struct passwd *user = getpwuid(geteuid());
	ssize_t len;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", address);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", basename(target));
	if (euidaccess(path, R_OK | W_OK) == 0 || errno != EACCES)
		return 0;
	return dataplane_error_set(error, EACCES,
		"device \"%s\": cannot open %s as user %s: %s: make that user its owner", device,
		path, user != NULL ? user->pw_name : "?", strerror(EACCES));
}

static int diagnose_pci(const char *device, const struct rte_pci_addr *address, int code,
	struct dataplane_error *error)
{
	char name[PCI_PRI_STR_SIZE], path[64];
	int rc;

	rte_pci_device_name(address, name, sizeof(name));
	if (!rte_eal_has_pci())
		return dataplane_error_set(error, code,
			"device \"%s\": EAL does not use PCI: set `eal` without --no-pci, which "
			"its "
			"default has",
			device);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", name);
	if (access(path, F_OK) < 0)
		return dataplane_error_set(error, ENODEV,
			"device \"%s\": no PCI device has this address: lspci -D shows those that "
			"exist",
			device);
	rc = check_vfio(device, name, error);
	if (rc < 0)
		return rc;
	return dataplane_error_set(
		error, code, "device \"%s\": %s: is it bound to vfio-pci?", device, strerror(code));
}

static int diagnose_driver(
	const struct driver *driver, const char *device, int code, struct dataplane_error *error)
{
	int rc = driver->check != NULL ? driver->check(device, error) : 0;

	if (rc == 0)
		rc = check_arguments(driver, device, error);
	if (rc < 0)
		return rc;
	// Drivers return -1 for any error, which is no errno.
	return dataplane_error_set(error, code,
		"device \"%s\": %s refuses it%s%s: check the values of its arguments, or see "
		"DPDK's "
		"messages (sluiced --log-level debug)",
		device, driver->name, code == EPERM ? "" : ": ",
		code == EPERM ? "" : strerror(code));
}

int port_diagnosis(const char *device, int code, struct dataplane_error *error)
{
	const char *bus = strncmp(device, "pci:", 4) == 0 ? device + 4 : device;
	char name[PORT_DIAGNOSIS_TEXT_MAX];
	struct rte_pci_addr address;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(bus, ","), bus);
	for (unsigned i = 0; i < RTE_DIM(drivers); i++) {
		// As in DPDK, the name of a device begins with that of its driver.
		if (strncmp(name, drivers[i].name, strlen(drivers[i].name)) == 0)
			return diagnose_driver(&drivers[i], device, code, error);
	}
	if (rte_pci_addr_parse(name, &address) == 0)
		return diagnose_pci(device, &address, code, error);
	if (strchr(name, ':') == NULL)
		name[strcspn(name, "0123456789")] = '\0';
	return unknown_driver(device, name, error);
}
