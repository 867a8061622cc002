#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A snooping bridge learns what Sluice joins, with filter mode and sources, and forgets what it leaves.
# Checks: CHG-3 CHG-4 CHG-5 CHG-6 STA-9 SSM-2 MLD-8
. "$(dirname "$0")/lib.sh"

bridge_network
config >"$tmp/sluice.yaml" </dev/null
sluiced_start

need 1 "sluice join $group4" sluice join $group4
check_within 1 "the bridge lists $group4 within a second" mdb_where $group4 '.filter_mode == "exclude"'
check "sluice join $group6" sluice join $group6
check_within 1 "the bridge lists $group6 within a second" mdb_where $group6 '.filter_mode == "exclude"'

check "an any-source join of $ssm4 is refused" absent sluice join $ssm4
check "sluice join $ssm4 from one source" sluice join $ssm4 --source 10.9.0.50
check_within 1 "the bridge lists $ssm4 with only that source" mdb_where $ssm4 \
	'.filter_mode == "include" and [.source_list[]?.address] == ["10.9.0.50"]'
check "sluice join $ssm6 from two sources" sluice join $ssm6 --source 2001:db8::50 --source 2001:db8::51
check_within 1 "the bridge lists $ssm6 with both sources" mdb_where $ssm6 \
	'.filter_mode == "include" and ([.source_list[]?.address] | sort) == ["2001:db8::50", "2001:db8::51"]'

check "a second session joins $group4" sluice join $group4 --session other
check "the first session leaves $group4" sluice leave $group4
# When the leave of $group6 has taken effect, an earlier one would have taken effect too.
check "sluice leave $group6" sluice leave $group6
check_within 3 "the bridge forgets $group6" absent mdb $group6
check "the bridge keeps $group4 for the second session" mdb $group4
check "sluice leave $ssm4" sluice leave $ssm4 --source 10.9.0.50
check_within 5 "the bridge forgets $ssm4" absent mdb $ssm4

check "one session joins $group4 a second time" sluice join $group4 --session other
check "the session leaves $group4 once" sluice leave $group4 --session other
check "sluice leave $ssm6 for one source" sluice leave $ssm6 --source 2001:db8::50
check_within 5 "the bridge keeps the other source of $ssm6" mdb_where $ssm6 \
	'[.source_list[]?.address] == ["2001:db8::51"]'
check "the bridge keeps $group4, joined twice and left once" mdb $group4
check "the last leave of $group4" sluice leave $group4 --session other
check_within 3 "the bridge forgets $group4" absent mdb $group4
check "a further leave is refused" absent sluice leave $group4 --session other
done_testing
