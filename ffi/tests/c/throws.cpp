// A C++ exception that leaves a callback ends the process, whichever callback, and is not heard of by anybody; one that is caught
// inside is nobody's business.
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

namespace {

void throws(const hl_event *, size_t, void *) {
    throw std::runtime_error("out of a callback");
}

void throws_at_the_start(const char *, void *) {
    throw 7;
}

void catches(const hl_event *, size_t, void *user) {
    try {
        throw std::runtime_error("inside");
    } catch (const std::exception &) {
        ++*static_cast<unsigned *>(user);
    }
}

void subscribe(hl_system system, hl_events_fn function, void *user) {
    hl_subscribe_options options = subscriber(function, user);
    hl_subscription subscription;
    OK(hl_subscribe(system, &options, &subscription));
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
}

void in_a_drain() {
    hl_system system = open_manual(DESK);
    subscribe(system, throws, nullptr);
    hl_drain(system, nullptr);
}

void in_a_drain_and_caught_outside() {
    try {
        in_a_drain();
    } catch (...) {
        _exit(3);
    }
}

void on_a_thread() {
    hl_system system = open_threaded(DESK);
    subscribe(system, throws, nullptr);
    // It joins the thread that throws.
    hl_system_close(system, UINT64_MAX);
}

void in_the_hook_of_a_thread() {
    hl_options options = manual(DESK);
    options.mode = HL_THREADED;
    options.start_ns = 0;
    options.on_thread = throws_at_the_start;
    hl_system system = open_with(options);
    hl_system_close(system, UINT64_MAX);
}

void aborts(void (*act)()) {
    std::fflush(nullptr);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        // What it prints while it ends is nothing to read.
        CHECK(std::freopen("/dev/null", "w", stderr) != nullptr);
        act();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    SAME(WTERMSIG(status), SIGABRT);
}

void what_is_caught_inside_is_nobodys_business() {
    unsigned caught = 0;
    hl_system system = open_manual(DESK);
    subscribe(system, catches, &caught);
    OK(hl_drain(system, nullptr));
    SAME(caught, 1);
    OK(hl_system_close(system, 0));
}

}  // namespace

int main() {
    aborts(in_a_drain);
    aborts(in_a_drain_and_caught_outside);
    aborts(on_a_thread);
    aborts(in_the_hook_of_a_thread);
    what_is_caught_inside_is_nobodys_business();
}
