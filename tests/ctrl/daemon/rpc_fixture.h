// SPDX-License-Identifier: BSD-3-Clause
// A control socket over a real engine, on ports that receive nothing. Server and client run in one
// thread.
#ifndef TESTS_RPC_FIXTURE_H
#define TESTS_RPC_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// Interfaces "tv" (port in0) and "tv20" (VLAN 20 of it), outputs "a" and "b"; no membership.
void rpc_fixture_open(void);
void rpc_fixture_close(void);

int rpc_fixture_connect(void);
void rpc_fixture_send(int client, const char *text, size_t len);

// The next line, NULL if the server has closed the connection. Fails the test if it is not JSON.
json_t *rpc_fixture_receive(int client);
// Runs the server until it has no more work. The client reads nothing meanwhile.
void rpc_fixture_turn(void);

// Sends a line and waits for the answer.
json_t *rpc_fixture_ask(int client, const char *line);
// Calls a method with parameters as JSON text; the result or, if it failed, the error.
json_t *rpc_fixture_call(int client, const char *method, const char *params);

#endif
