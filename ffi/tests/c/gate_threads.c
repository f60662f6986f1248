/* Threads ask the inline gate while another one trips, resets, kills and tells. What has been denied before they ask is denied. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 3 };

static hl_system system_;
static hl_gate *gate, *account, *band;
/* Odd while it is denied for certain. */
static unsigned turn;
static int stop;
static unsigned long denials, permits;

static void count(unsigned long *what) {
    __atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Until somebody has seen it once more. */
static void wait_for(const unsigned long *what) {
    unsigned long before = __atomic_load_n(what, __ATOMIC_RELAXED);
    while (__atomic_load_n(what, __ATOMIC_RELAXED) == before) {
        sched_yield();
    }
}

static void *ask(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        unsigned before = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
        hl_verdict verdict = hl_gate_check2(account, gate);
        bool permitted = hl_gate_permits(gate, HL_INCREASE);
        hl_gate_admits_price(band, PRICE(100), HL_BUY);
        if (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != before) continue;
        if (before % 2 == 1) {
            CHECK(!hl_verdict_permits(verdict, HL_INCREASE) && !permitted);
            count(&denials);
        } else if (permitted) {
            count(&permits);
        }
    }
    return NULL;
}

static void next_turn(void) {
    __atomic_fetch_add(&turn, 1, __ATOMIC_ACQ_REL);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    const unsigned long turns = rounds(argc, argv, 4000);
    system_ = open_manual(DESK);
    gate = gate_on(system_, "XNAS/AAPL"), account = gate_on(system_, "acct"), band = gate_on(system_, "XNAS");
    hl_breaker desk = breaker_of(system_, "desk");
    for (size_t i = 0; i < THREADS; i++) {
        SAME(pthread_create(&threads[i], NULL, ask, NULL), 0);
    }
    for (unsigned long i = 0; i < turns; i++) {
        uint64_t word;
        hl_breaker_info info;
        if (i % 2) {
            OK(hl_trip(system_, desk, "", "tom", HL_AUTHORITY_TRADER));
        } else {
            OK(hl_kill(system_));
        }
        next_turn();
        if (i % 16 < 2) wait_for(&denials);
        OK(hl_breaker_status(system_, desk, &info));
        OK(hl_kill_word(system_, &word));
        next_turn();
        if (i % 2) {
            OK(hl_reset(system_, desk, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
        } else {
            OK(hl_rearm(system_, word, "", "root", HL_AUTHORITY_ADMIN));
        }
        if (i % 16 < 2) wait_for(&permits);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (size_t i = 0; i < THREADS; i++) {
        SAME(pthread_join(threads[i], NULL), 0);
    }
    hl_gate_close(&gate), hl_gate_close(&account), hl_gate_close(&band);
    OK(hl_system_close(system_, 0));
}
