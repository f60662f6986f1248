/* Events that are asked for: in order, with gaps that are told, and states that are not lost. */
#include <pthread.h>
#include <sched.h>

#include "check.h"

static hl_system system_;

static hl_subscription ask(uint32_t capacity, uint32_t overflow) {
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_subscription subscription;
    options.capacity = capacity, options.overflow = overflow;
    OK(hl_subscribe(system_, &options, &subscription));
    return subscription;
}

static void trip(void) {
    OK(hl_trip(system_, breaker_of(system_, "desk"), "", "tom", HL_AUTHORITY_TRADER));
}

static void reset(void) {
    hl_breaker_info info = info_of(system_, "desk");
    OK(hl_reset(system_, info.breaker, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
}

static void nothing_waits_until_it_is_drained(void) {
    hl_event events[8];
    size_t n;
    system_ = open_manual(DESK);
    hl_subscription subscription = ask(0, HL_OVERFLOW_DROP_OLDEST);
    OK(hl_poll_events(subscription, events, COUNT(events), &n));
    SAME(n, 0);
    trip(), reset(), trip();
    OK(hl_drain(system_, NULL));
    OK(hl_poll_events(subscription, events, 2, &n));
    SAME(n, 2);
    SAME(events[0].event_type, HL_EVENT_TRIPPED);
    SAME(events[1].event_type, HL_EVENT_RESET);
    OK(hl_wait_events(subscription, events, COUNT(events), 0, &n));
    SAME(n, 1);
    SAME(events[0].event_type, HL_EVENT_TRIPPED);
    SAME(events[0].after, info_of(system_, "desk").stamp);
    OK(hl_wait_events(subscription, events, COUNT(events), 1, &n));
    SAME(n, 0);
    /* Who comes later is told where each breaker is. */
    hl_subscription later = ask(0, HL_OVERFLOW_DROP_OLDEST);
    OK(hl_poll_events(later, events, COUNT(events), &n));
    CHECK(n > 0);
    SAME(events[n - 1].event_type, HL_EVENT_LEVEL);
    SAME(events[n - 1].after_status, HL_STATUS_TRIPPED);
    OK(hl_system_close(system_, 0));
    GIVES(HL_OK, hl_poll_events(subscription, events, COUNT(events), &n));
    SAME(events[n - 1].event_type, HL_EVENT_SHUTDOWN);
    GIVES(HL_ERR_CLOSED, hl_poll_events(subscription, events, COUNT(events), &n));
    OK(hl_unsubscribe(subscription, 0));
    OK(hl_unsubscribe(later, 0));
    GIVES(HL_ERR_STALE, hl_poll_events(later, events, COUNT(events), &n));
}

static void what_is_lost_is_told_and_the_state_is_not(uint32_t overflow) {
    hl_event events[64];
    size_t n, total = 0, gaps = 0, lost = 0;
    system_ = open_manual(DESK);
    hl_subscription subscription = ask(4, overflow);
    for (int i = 0; i < 20; i++) {
        trip(), reset();
    }
    trip();
    OK(hl_drain(system_, NULL));
    uint32_t last_status = 0;
    do {
        OK(hl_poll_events(subscription, events, COUNT(events), &n));
        for (size_t i = 0; i < n; i++) {
            if (events[i].event_type == HL_EVENT_GAP) {
                gaps++, lost += (size_t)events[i].value;
                CHECK(events[i].breaker.bits == 0);
            } else {
                last_status = events[i].after_status;
                total += events[i].event_type != HL_EVENT_LEVEL;
            }
        }
    } while (n > 0);
    SAME(gaps, 1);
    SAME(total + lost, 41);
    SAME(total, 4);
    SAME(last_status, HL_STATUS_TRIPPED);
    hl_subscriber_info info;
    OK(hl_subscribers(system_, &info, 1, &n));
    SAME(info.dropped, lost);
    OK(hl_unsubscribe(subscription, 0));
    OK(hl_system_close(system_, 0));
}

static void only_what_is_wanted_comes(void) {
    hl_event events[8];
    size_t n;
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_subscription subscription;
    system_ = open_manual(DESK);
    options.filter.types = (uint64_t)1 << HL_EVENT_RESET | (uint64_t)1 << HL_EVENT_KILLED;
    OK(hl_subscribe(system_, &options, &subscription));
    trip(), reset();
    OK(hl_kill(system_));
    OK(hl_drain(system_, NULL));
    OK(hl_poll_events(subscription, events, COUNT(events), &n));
    SAME(n, 2);
    SAME(events[0].event_type, HL_EVENT_RESET);
    SAME(events[1].event_type, HL_EVENT_KILLED);
    options.filter.urgent = 2;
    GIVES(HL_ERR_ARGUMENT, hl_subscribe(system_, &options, &subscription));
    options.filter.urgent = 0, options.filter.kinds = 1;
    GIVES(HL_ERR_ARGUMENT, hl_subscribe(system_, &options, &subscription));
    options.filter.kinds = 0, options.overflow = 2;
    GIVES(HL_ERR_ARGUMENT, hl_subscribe(system_, &options, &subscription));
    options.overflow = 0, options.capacity = 1048577;
    GIVES(HL_ERR_BAD_INPUT, hl_subscribe(system_, &options, &subscription));
    /* Who misspells a scope would hear of nothing, and take that for peace. */
    options.capacity = 0, options.filter.scope = "XNSA";
    GIVES(HL_ERR_UNKNOWN, hl_subscribe(system_, &options, &subscription));
    char said[HL_ERROR_BYTES], of_gate[HL_ERROR_BYTES];
    hl_gate *none;
    hl_last_error(said, sizeof said);
    GIVES(HL_ERR_UNKNOWN, hl_gate_open(system_, &options.filter.scope, 1, &none));
    hl_last_error(of_gate, sizeof of_gate);
    CHECK(!strcmp(said, of_gate));
    options.filter.scope = "XNAS/";
    GIVES(HL_ERR_BAD_SCOPE, hl_subscribe(system_, &options, &subscription));
    options.filter.scope = "", options.name = "pager\n";
    GIVES(HL_ERR_BAD_INPUT, hl_subscribe(system_, &options, &subscription));
    OK(hl_unsubscribe(subscription, 0));
    OK(hl_system_close(system_, 0));
}

static void one_with_a_function_is_not_asked(void) {
    hl_event events[1];
    size_t n;
    system_ = open_threaded(DESK);
    hl_subscription subscription = ask(0, HL_OVERFLOW_DROP_OLDEST);
    trip();
    /* It is woken by what comes. */
    OK(hl_wait_events(subscription, events, 1, UINT64_MAX, &n));
    SAME(n, 1);
    OK(hl_system_close(system_, UINT64_MAX));
    OK(hl_unsubscribe(subscription, 0));
}

static unsigned heard;
static hl_status ended_with;

/* Until something else comes back than an event. */
static void *hears(void *subscription) {
    hl_event event;
    size_t n;
    while ((ended_with = hl_wait_events(*(hl_subscription *)subscription, &event, 1, UINT64_MAX, &n)) == HL_OK) {
        __atomic_fetch_add(&heard, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void who_waits_is_woken_by_the_end_of_the_subscription(void) {
    pthread_t waiter;
    system_ = open_threaded(DESK);
    hl_subscription subscription = ask(0, HL_OVERFLOW_DROP_OLDEST);
    CHECK(pthread_create(&waiter, NULL, hears, &subscription) == 0);
    trip();
    while (__atomic_load_n(&heard, __ATOMIC_SEQ_CST) == 0) {
        sched_yield();
    }
    /* Now it waits again, for ever, or is just about to. */
    for (int i = 0; i < 1000; i++) {
        sched_yield();
    }
    OK(hl_unsubscribe(subscription, 0));
    CHECK(pthread_join(waiter, NULL) == 0);
    CHECK(ended_with == HL_ERR_CLOSED || ended_with == HL_ERR_STALE);
    OK(hl_system_close(system_, UINT64_MAX));
}

int main(void) {
    who_waits_is_woken_by_the_end_of_the_subscription();
    nothing_waits_until_it_is_drained();
    what_is_lost_is_told_and_the_state_is_not(HL_OVERFLOW_DROP_OLDEST);
    what_is_lost_is_told_and_the_state_is_not(HL_OVERFLOW_DROP_NEWEST);
    only_what_is_wanted_comes();
    one_with_a_function_is_not_asked();
}
