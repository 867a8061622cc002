// SPDX-License-Identifier: BSD-3-Clause
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define AF_XDP_DRIVER "net_af_xdp"

// Taps, packet sockets, and their interfaces.
static const unsigned for_ports[] = {CAP_NET_ADMIN, CAP_NET_RAW};
// AF_XDP in addition. CAP_BPF would do for bpf() itself, but libxdp finds its maps and programs by
// their numbers. The frames are locked memory.
static const unsigned for_af_xdp[] = {CAP_BPF, CAP_SYS_ADMIN, CAP_IPC_LOCK};
// To start a daemon as another user.
static const unsigned for_parent[] = {CAP_SETUID, CAP_SETGID, CAP_SETPCAP};

enum { CAPABILITIES_MAX = 8 };

static const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE;

struct list {
	unsigned n, capabilities[CAPABILITIES_MAX];
};

// Those that the process has.
static void add(struct list *list, const unsigned *capabilities, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (capng_have_capability(CAPNG_PERMITTED, capabilities[i]) == 1)
			list->capabilities[list->n++] = capabilities[i];
}

#define ADD(list, capabilities)                                                                    \
	add(list, capabilities, sizeof(capabilities) / sizeof((capabilities)[0]))

// To be applied or used by capng_change_id().
static void select_only(const struct list *list)
{
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned i = 0; i < list->n; i++)
		capng_update(CAPNG_ADD, sets, list->capabilities[i]);
}

int privileges_limit_parent(void)
{
	struct list list = {0};

	if (capng_get_caps_process() < 0)
		return -1;
	ADD(&list, for_ports);
	ADD(&list, for_af_xdp);
	ADD(&list, for_parent);
	select_only(&list);
	for (unsigned i = 0; i < list.n; i++)
		capng_update(CAPNG_ADD, CAPNG_BOUNDING_SET, list.capabilities[i]);
	if (capng_apply(CAPNG_SELECT_BOTH) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int privileges_become(const struct passwd *user)
{
	struct list list = {0};
	int rc;

	if (capng_get_caps_process() < 0)
		return -1;
	ADD(&list, for_ports);
	ADD(&list, for_af_xdp);
	select_only(&list);
	rc = capng_change_id(
		(int)user->pw_uid, (int)user->pw_gid, CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	if (rc < 0) {
		if (errno == 0)
			errno = EPERM;
		return -1;
	}
	for (unsigned i = 0; i < list.n; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, list.capabilities[i], 0, 0) < 0)
			return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool privileges_need_bpf(const struct config *config)
{
	for (unsigned i = 0; i < config->n_ports; i++)
		if (strncmp(config->ports[i].device, AF_XDP_DRIVER, strlen(AF_XDP_DRIVER)) == 0)
			return true;
	return false;
}

int privileges_keep_needed(const struct config *config, struct error *error)
{
	struct list list = {0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, errno, "no new privileges: %s", strerror(errno));
	if (geteuid() == 0)
		return 0;
	if (capng_get_caps_process() < 0)
		return error_set(error, EIO, "capabilities cannot be read");
	ADD(&list, for_ports);
	if (privileges_need_bpf(config))
		ADD(&list, for_af_xdp);
	select_only(&list);
	// An ambient capability that is no longer permitted goes, too.
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return error_set(error, EPERM, "capabilities cannot be dropped");
	return 0;
}
