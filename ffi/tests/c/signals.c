/* A kill from a signal handler: in a quiet moment, amid openings and closings, and amid whatever the thread does. */
#include <pthread.h>
#include <signal.h>

#include "check.h"

static hl_system system_;
static volatile sig_atomic_t all, handled, stale;

static void handle(int number) {
    (void)number;
    /* Nothing else of this interface may be called here. */
    hl_status status = all ? hl_kill_all() : hl_kill(system_);
    handled++;
    stale += status == HL_ERR_STALE;
}

static void rearm(hl_system system) {
    uint64_t word;
    OK(hl_kill_word(system, &word));
    OK(hl_rearm(system, word, "drill", "root", HL_AUTHORITY_ADMIN));
}

static void a_kill_denies_and_is_rearmed(void) {
    hl_system other = open_manual(DESK);
    system_ = open_manual(DESK);
    hl_gate *gate = gate_on(system_, "XNAS"), *there = gate_on(other, "XNAS");
    for (int i = 0; i < 2; i++) {
        all = i, handled = stale = 0;
        SAME(permitted(gate), ALL);
        CHECK(raise(SIGUSR1) == 0);
        SAME(handled, 1);
        SAME(stale, 0);
        SAME(permitted(gate), MAY_CANCEL);
        SAME(why(gate), HL_REASON_KILLED);
        SAME(permitted(there), all ? MAY_CANCEL : ALL);
        rearm(system_);
        SAME(permitted(gate), ALL);
    }
    rearm(other);
    SAME(permitted(there), ALL);
    hl_event events[8];
    hl_past past;
    size_t n;
    OK(hl_drain(system_, NULL));
    memset(&past, 0, sizeof past), past.struct_size = sizeof past;
    past.filter.types = (uint64_t)1 << HL_EVENT_KILLED | (uint64_t)1 << HL_EVENT_REARMED;
    OK(hl_history(system_, &past, events, COUNT(events), &n));
    CHECK(n >= 2);
    SAME(events[n - 1].event_type, HL_EVENT_REARMED);
    hl_gate_close(&gate), hl_gate_close(&there);
    OK(hl_system_close(system_, 0));
    all = 0, stale = 0;
    CHECK(raise(SIGUSR1) == 0);
    SAME(stale, 1);
    OK(hl_system_close(other, 0));
}

static pthread_t target;
static unsigned long signals;
static int stop;

static void *disturb(void *unused) {
    (void)unused;
    for (unsigned long i = 0; i < signals; i++) {
        CHECK(pthread_kill(target, SIGUSR1) == 0);
        sched_yield();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* The handler comes anywhere, and the thread goes on each time. */
static void a_kill_may_come_amid_anything(void) {
    pthread_t disturber;
    target = pthread_self();
    handled = 0;
    for (int i = 0; i < 2; i++) {
        all = i;
        __atomic_store_n(&stop, 0, __ATOMIC_SEQ_CST);
        SAME(pthread_create(&disturber, NULL, disturb, NULL), 0);
        while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
            system_ = open_manual(DESK);
            hl_gate *gate = gate_on(system_, "XNAS");
            hl_feed *feed = feed_on(system_, "XNAS");
            hl_breaker_info info = info_of(system_, "desk");
            OK(hl_feed_trade(feed, PRICE(1), 1, 0, START));
            OK(hl_trip(system_, info.breaker, "", "tom", HL_AUTHORITY_TRADER));
            /* A kill amid the opening wins: then nothing has begun, and there is nothing to cancel. */
            SAME(permitted(gate), why(gate) == HL_REASON_NOT_RECOVERED ? 0 : MAY_CANCEL);
            OK(hl_drain(system_, NULL));
            hl_feed_close(&feed), hl_gate_close(&gate);
            OK(hl_system_close(system_, 0));
        }
        SAME(pthread_join(disturber, NULL), 0);
    }
    CHECK(handled > 0);
}

int main(int argc, char **argv) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    signals = rounds(argc, argv, 5000);
    a_kill_denies_and_is_rearmed();
    a_kill_may_come_amid_anything();
}
