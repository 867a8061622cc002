// SPDX-License-Identifier: BSD-3-Clause
// Memory for the JSON values of the process, apart from the heap. The values of a request live only
// until it is answered. On the heap they fill the gaps between 200,000 groups, so that parsing a
// batch of 1,000 requests misses the cache at each value. Here they lie next to each other.
//
// Thread rule: only one thread may use jansson.
#ifndef CTRL_JSON_MEMORY_H
#define CTRL_JSON_MEMORY_H

// Call it before the first JSON value is made.
void json_memory_use(void);

#endif
