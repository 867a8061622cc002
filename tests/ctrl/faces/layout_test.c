// SPDX-License-Identifier: BSD-3-Clause
#include <rdma/rdma_cma.h>
#include <criterion/criterion.h>
#include "layout_fixture.h"

Test(layout, with_and_without_verbs,
	.description = "the layout is the same with and without libibverbs")
{
	static const size_t layout[] = LAYOUT;

	cr_expect_arr_eq(layout, layout_own, sizeof(layout));
}
