# SPDX-License-Identifier: BSD-3-Clause
"""Stops one thread of another process, and makes system calls in its place, by ptrace."""

import contextlib
import ctypes
import os
import platform
import signal

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
PTRACE_PEEKTEXT, PTRACE_POKETEXT, PTRACE_CONT = 1, 4, 7
PTRACE_GETREGS, PTRACE_SETREGS = 12, 13
WALL = 0x40000000
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
    _, status = os.waitpid(thread, WALL)
    assert os.WIFSTOPPED(status), "thread %d: status %#x" % (thread, status)
    return status


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
        wait(thread)
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


def can_call():
    return platform.machine() == "x86_64"


def call(thread, number, *args):
    """Makes a system call on a stopped thread; returns what it does, -errno on failure."""
    before, now = Registers(), Registers()
    ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(before))
    ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(now))
    code = ptrace(PTRACE_PEEKTEXT, thread, before.rip)
    try:
        ptrace(PTRACE_POKETEXT, thread, before.rip, ctypes.c_void_p((code & ~0xFFFFFF) | CODE))
        now.rax, now.orig_rax = number, ctypes.c_ulong(-1).value  # not within a call that would restart
        for register, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), args):
            setattr(now, register, value)
        ptrace(PTRACE_SETREGS, thread, 0, ctypes.addressof(now))
        got = 0
        while got != signal.SIGTRAP:
            ptrace(PTRACE_CONT, thread, 0, got)  # to its handler, if it got a signal
            got = os.WSTOPSIG(wait(thread))
        ptrace(PTRACE_GETREGS, thread, 0, ctypes.addressof(now))
        return ctypes.c_long(now.rax).value
    finally:
        ptrace(PTRACE_POKETEXT, thread, before.rip, ctypes.c_void_p(ctypes.c_ulong(code).value))
        ptrace(PTRACE_SETREGS, thread, 0, ctypes.addressof(before))
