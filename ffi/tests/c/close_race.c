/* A System is closed while eight threads check, feed, tell and ask. It ends by what they see, not by time. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8 };
/* So often each looks before the close begins, and at most. */
static unsigned long enough;
static const unsigned long most = 1ul << 34;

static const char config[] = DESK
    "[[breaker]]\nname = \"loss\"\nkind = \"loss_rate\"\nscope = \"acct\"\nsource = \"pnl\"\ncapital = 100000\nlimit = 0.03\n";

static hl_system system_;
static hl_gate *gate;
static unsigned ready, closers;

static void looked(unsigned long i) {
    if (i == enough) __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
}

static void *check(void *unused) {
    (void)unused;
    for (unsigned long i = 0; hl_gate_permits(gate, HL_INCREASE); i++) {
        CHECK(i < most);
        looked(i);
    }
    /* Once denied, denied for ever. */
    for (unsigned long i = 0; i < enough; i++) {
        hl_verdict seen = hl_gate_check2(gate, gate);
        CHECK(hl_verdict_is_disarmed(seen) && !hl_verdict_permits(seen, HL_REDUCE) && hl_verdict_permits(seen, HL_CANCEL));
    }
    return NULL;
}

static void *feed(void *unused) {
    hl_feed *ours = feed_on(system_, "XNAS");
    hl_status status;
    unsigned long i = 0;
    (void)unused;
    while ((status = hl_feed_trade(ours, PRICE(100), 1, 0, START)) == HL_OK) {
        CHECK(i < most);
        looked(i++);
    }
    SAME(status, HL_ERR_CLOSED);
    GIVES(HL_ERR_CLOSED, hl_feed_heartbeat(ours, START));
    hl_feed_close(&ours);
    return NULL;
}

static void *tally(void *unused) {
    hl_tally *ours;
    hl_status status;
    unsigned long i = 0;
    (void)unused;
    OK(hl_tally_open(system_, "acct", &ours));
    /* Full while the other one is stopped amid hearing. */
    while ((status = hl_tally_pnl(ours, 1, START)) == HL_OK || status == HL_ERR_FULL) {
        CHECK(i < most);
        looked(i++);
    }
    SAME(status, HL_ERR_CLOSED);
    hl_tally_close(&ours);
    return NULL;
}

/* Handles: each call finds the System, or its end. */
static void *ask(void *unused) {
    hl_status status = HL_OK;
    (void)unused;
    for (unsigned long i = 0; status != HL_ERR_STALE; i++) {
        hl_system_status glance;
        hl_subscription subscription;
        hl_subscribe_options options = subscriber(NULL, NULL);
        hl_breaker desk;
        hl_gate *one;
        const char *scope = "XNAS";
        CHECK(i < most);
        status = hl_status_get(system_, &glance);
        CHECK(status == HL_OK || status == HL_ERR_STALE);
        if (hl_breaker_find(system_, "desk", &desk) == HL_OK) {
            hl_breaker_info info;
            hl_status found = hl_breaker_status(system_, desk, &info);
            CHECK(found == HL_OK || found == HL_ERR_STALE);
        }
        if (hl_gate_open(system_, &scope, 1, &one) == HL_OK) hl_gate_close(&one);
        if (hl_subscribe(system_, &options, &subscription) == HL_OK) OK(hl_unsubscribe(subscription, 0));
        hl_drain(system_, NULL);
        if (i == enough / 64) __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void *close_it(void *unused) {
    (void)unused;
    hl_status status = hl_system_close(system_, UINT64_MAX);
    CHECK(status == HL_OK || status == HL_ERR_STALE);
    if (status == HL_OK) __atomic_fetch_add(&closers, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void close_beside_eight_threads(hl_system system) {
    void *(*const work[THREADS])(void *) = {check, check, check, feed, tally, tally, ask, ask};
    pthread_t threads[THREADS], closing[3];
    const char *acct = "acct";
    system_ = system, ready = 0, closers = 0;
    OK(hl_declare(system, &acct, 1));
    gate = gate_on(system, "XNAS");
    for (size_t i = 0; i < THREADS; i++) {
        SAME(pthread_create(&threads[i], NULL, work[i], NULL), 0);
    }
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS) {
        sched_yield();
    }
    for (size_t i = 0; i < COUNT(closing); i++) {
        SAME(pthread_create(&closing[i], NULL, close_it, NULL), 0);
    }
    for (size_t i = 0; i < COUNT(closing); i++) {
        SAME(pthread_join(closing[i], NULL), 0);
    }
    /* One of them has closed it. */
    SAME(closers, 1);
    for (size_t i = 0; i < THREADS; i++) {
        SAME(pthread_join(threads[i], NULL), 0);
    }
    SAME(why(gate), HL_REASON_SHUT_DOWN);
    hl_gate_close(&gate);
}

int main(int argc, char **argv) {
    enough = rounds(argc, argv, 1000);
    for (unsigned long i = 0; i < rounds(argc, argv, 20); i++) {
        close_beside_eight_threads(open_manual(config));
    }
}
