// SPDX-License-Identifier: BSD-3-Clause
// Copies of parts of a configuration, for owners that outlive it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

// NULL stays NULL.
static int copy_text(char **copy, const char *from)
{
	*copy = from ? strdup(from) : NULL;
	return from && !*copy ? -ENOMEM : 0;
}

static int copy_array(void *copy, const void *from, size_t size)
{
	void **to = copy;

	*to = size > 0 ? malloc(size) : NULL;
	if (size == 0)
		return 0;
	if (!*to)
		return -ENOMEM;
	memcpy(*to, from, size);
	return 0;
}

int config_copy_lcores(struct config_lcores *copy, const struct config_lcores *from)
{
	*copy = *from;
	return copy_array(&copy->workers, from->workers, from->n_workers * sizeof(*from->workers));
}

int config_copy_port(struct config_port *copy, const struct config_port *from)
{
	int rc;

	*copy = *from;
	rc = copy_text(&copy->name, from->name);
	if (copy_text(&copy->device, from->device) < 0)
		rc = -ENOMEM;
	if (rc < 0)
		config_free_port(copy);
	return rc;
}

int config_copy_interface(struct config_interface *copy, const struct config_interface *from)
{
	int rc;

	*copy = *from;
	rc = copy_text(&copy->name, from->name);
	if (copy_text(&copy->port, from->port) < 0)
		rc = -ENOMEM;
	if (copy_array(&copy->addresses, from->addresses,
		    from->n_addresses * sizeof(*from->addresses)) < 0)
		rc = -ENOMEM;
	if (rc < 0)
		config_free_interface(copy);
	return rc;
}

int config_copy_output(struct config_output *copy, const struct config_output *from)
{
	int rc;

	*copy = *from;
	rc = copy_text(&copy->name, from->name);
	if (copy_text(&copy->port, from->port) < 0)
		rc = -ENOMEM;
	if (rc < 0)
		config_free_output(copy);
	return rc;
}

int config_copy_protocol(struct config_protocol *copy, const struct config_protocol *from)
{
	*copy = *from;
	return copy_array(&copy->ssm_ranges, from->ssm_ranges,
		from->n_ssm_ranges * sizeof(*from->ssm_ranges));
}
