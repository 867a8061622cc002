# SPDX-License-Identifier: BSD-3-Clause
"""Stops one thread of another process, and makes system calls in its place, by ptrace."""

import contextlib
import ctypes
import os
import platform
import signal
import struct

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
PTRACE_PEEKTEXT, PTRACE_POKETEXT, PTRACE_CONT = 1, 4, 7
PTRACE_GETREGS, PTRACE_SETREGS = 12, 13
EVENT_STOP = 128  # of PTRACE_INTERRUPT; its signal is SIGTRAP as well
WALL = 0x40000000
AT_ENTRY = 9
CODE = 0xCC050F  # syscall; int3 of x86-64, as a number

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Registers(ctypes.Structure):
    """user_regs_struct of x86-64"""
    _fields_ = [(name, ctypes.c_ulong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
        "fs_base gs_base ds es fs gs").split()]


def ptrace(request, thread, address=0, data=0):
    ctypes.set_errno(0)
    result = libc.ptrace(request, thread, address, data)
    if result == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), "ptrace %#x" % request)
    return result


def wait(thread):
    """The event and the signal that have stopped the thread."""
    _, status = os.waitpid(thread, WALL)
    assert os.WIFSTOPPED(status), "thread %d: status %#x" % (thread, status)
    return status >> 16, os.WSTOPSIG(status)


def run_until(thread, stop, got=(0, 0)):
    """Runs a thread that `got` has stopped until it stops so. It gets the signals of all other stops."""
    while got != stop:
        ptrace(PTRACE_CONT, thread, 0, 0 if got[0] else got[1])
        got = wait(thread)


def threads(pid, name):
    """The threads of a process whose names begin so."""
    found = []
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/comm" % (pid, thread)) as file:
            if file.read().startswith(name):
                found.append(int(thread))
    return found


@contextlib.contextmanager
def stopped(thread):
    """The thread does not run within the block."""
    ptrace(PTRACE_SEIZE, thread)
    try:
        ptrace(PTRACE_INTERRUPT, thread)
        run_until(thread, (EVENT_STOP, signal.SIGTRAP), wait(thread))  # a signal may come first
        yield
    finally:
        try:
            ptrace(PTRACE_DETACH, thread)
        except ProcessLookupError:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(thread, WALL)  # it has ended, and its process waits for the tracer


@contextlib.contextmanager
def all_stopped(pid):
    """All threads of a process, stopped: none runs into the code that call() puts where another one is."""
    with contextlib.ExitStack() as stack:
        found = threads(pid, "")
        for thread in found:
            stack.enter_context(stopped(thread))
        yield found


def entry(pid):
    """The address where the program begins: no thread comes there again."""
    with open("/proc/%d/auxv" % pid, "rb") as file:
        for key, value in struct.iter_unpack("@LL", file.read()):
            if key == AT_ENTRY:
                return value
    raise AssertionError("no entry")


def can_call():
    return platform.machine() == "x86_64"


def call(thread, number, *args):
    """Makes a system call on a stopped thread; returns what it does, -errno on failure."""
    before, now = Registers(), Registers()
    at = entry(thread)  # not where the thread is: the handler of the call's signal could come by
    ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(before))
    ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(now))
    code = ptrace(PTRACE_PEEKTEXT, thread, at)
    try:
        ptrace(PTRACE_POKETEXT, thread, at, ctypes.c_void_p((code & ~0xFFFFFF) | CODE))
        now.rip, now.rax, now.orig_rax = at, number, ctypes.c_ulong(-1).value  # not within a call that would restart
        for register, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), args):
            setattr(now, register, value)
        ptrace(PTRACE_SETREGS, thread, 0, ctypes.addressof(now))
        run_until(thread, (0, signal.SIGTRAP))
        ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(now))
        return ctypes.c_long(now.rax).value
    finally:
        ptrace(PTRACE_POKETEXT, thread, at, ctypes.c_void_p(ctypes.c_ulong(code).value))
        ptrace(PTRACE_SETREGS, thread, 0, ctypes.addressof(before))
