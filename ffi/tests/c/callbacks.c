/* Callbacks: in hl_drain and on threads of their own. What they may call, what they may not, and how they end. */
#include <pthread.h>

#include "check.h"

static hl_system system_;
static hl_breaker desk;
static hl_subscription ours, other, made;
static unsigned calls, others, late;
static hl_status said[8];

/* Handshake with a callback on another thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned reached;

static void reach(unsigned step) {
    pthread_mutex_lock(&lock);
    reached = step;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(unsigned step) {
    pthread_mutex_lock(&lock);
    while (reached < step) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void begin(hl_system system) {
    system_ = system;
    desk = breaker_of(system, "desk");
    calls = others = late = reached = 0;
}

static void trip(void) {
    OK(hl_trip(system_, desk, "", "tom", HL_AUTHORITY_TRADER));
}

static void reset(void) {
    hl_breaker_info info = info_of(system_, "desk");
    OK(hl_reset(system_, desk, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
}

static void count(const hl_event *events, size_t n, void *user) {
    (void)events, (void)n;
    ++*(unsigned *)user;
}

static hl_subscription subscribe(hl_events_fn function, void *user) {
    hl_subscribe_options options = subscriber(function, user);
    hl_subscription subscription;
    OK(hl_subscribe(system_, &options, &subscription));
    return subscription;
}

/* Asks, stops, subscribes, drains, closes: what it may not is refused. */
static void calls_back(const hl_event *events, size_t n, void *user) {
    hl_system_status status;
    hl_event_text text;
    CHECK(user == &calls && n > 0);
    if (calls++ > 0) return;
    OK(hl_status_get(system_, &status));
    OK(hl_event_details(system_, &events[0], &text));
    said[0] = hl_trip(system_, desk, "from a callback", "tom", HL_AUTHORITY_TRADER);
    made = subscribe(count, &late);
    said[1] = hl_system_close(system_, UINT64_MAX);
    said[2] = hl_drain(system_, &n);
    reach(1);
}

static void a_callback_may_call_anything_but_a_close(void) {
    for (int threaded = 0; threaded < 2; threaded++) {
        begin(threaded ? open_threaded(DESK) : open_manual(DESK));
        hl_gate *gate = gate_on(system_, "XNAS");
        ours = subscribe(calls_back, &calls);
        OK(hl_drill(system_, desk, "", "ann", HL_AUTHORITY_RISK_DESK));
        if (threaded) {
            wait_for(1);
        } else {
            OK(hl_drain(system_, NULL));
            OK(hl_drain(system_, NULL));
        }
        SAME(said[0], HL_OK);
        SAME(said[1], HL_ERR_DEADLOCK);
        SAME(said[2], threaded ? HL_ERR_NOT_ALLOWED : HL_OK);
        SAME(permitted(gate), MAY_CANCEL);
        OK(hl_system_close(system_, UINT64_MAX));
        CHECK(calls >= 2 && late >= 1);
        GIVES(HL_ERR_STALE, hl_unsubscribe(ours, 0));
        hl_gate_close(&gate);
    }
}

static void ends_both(const hl_event *events, size_t n, void *user) {
    (void)events, (void)n, (void)user;
    calls++;
    said[0] = hl_unsubscribe(ours, UINT64_MAX);
    said[1] = hl_unsubscribe(other, UINT64_MAX);
    said[2] = hl_unsubscribe(ours, UINT64_MAX);
    reach(1);
}

static void a_callback_may_end_itself_and_another(void) {
    for (int threaded = 0; threaded < 2; threaded++) {
        begin(threaded ? open_threaded(DESK) : open_manual(DESK));
        other = subscribe(count, &others);
        pthread_mutex_lock(&lock);
        ours = subscribe(ends_both, NULL);
        pthread_mutex_unlock(&lock);
        trip();
        if (threaded) {
            wait_for(1);
        } else {
            OK(hl_drain(system_, NULL));
        }
        SAME(said[0], HL_PENDING);
        /* On a thread of its own it does not wait for another one, which might wait for it; that may be over all the same. */
        CHECK(said[1] == HL_OK || (threaded && said[1] == HL_PENDING));
        SAME(said[2], HL_ERR_STALE);
        reset();
        if (!threaded) OK(hl_drain(system_, NULL));
        OK(hl_system_close(system_, UINT64_MAX));
        SAME(calls, 1);
        /* It may have heard of the trip, and has not heard of the reset. */
        CHECK(others <= 1);
    }
}

static void waits(const hl_event *events, size_t n, void *user) {
    (void)events, (void)n, (void)user;
    calls++;
    reach(1);
    wait_for(2);
    reach(3);
}

static void who_ends_a_callback_that_runs_is_told(void) {
    begin(open_threaded(DESK));
    ours = subscribe(waits, NULL);
    trip();
    wait_for(1);
    /* It runs: no call begins any more, and this one goes on. */
    GIVES(HL_PENDING, hl_unsubscribe(ours, 0));
    reset();
    reach(2);
    wait_for(3);
    OK(hl_system_close(system_, UINT64_MAX));
    SAME(calls, 1);

    begin(open_threaded(DESK));
    ours = subscribe(waits, NULL);
    trip();
    wait_for(1);
    GIVES(HL_PENDING, hl_system_close(system_, 0));
    GIVES(HL_ERR_STALE, hl_system_close(system_, 0));
    reach(2);
    wait_for(3);
    SAME(calls, 1);
}

static void batches(const hl_event *events, size_t n, void *user) {
    uint64_t *last = user;
    CHECK(n > 0 && n <= 3);
    for (size_t i = 0; i < n; i++) {
        CHECK(events[i].sequence > *last);
        *last = events[i].sequence;
    }
    calls++;
}

static void events_come_in_order_and_in_batches(void) {
    uint64_t last = 0;
    begin(open_manual(DESK));
    hl_subscribe_options options = subscriber(batches, &last);
    options.batch = 3, options.name = "in threes";
    OK(hl_subscribe(system_, &options, &ours));
    for (int i = 0; i < 10; i++) {
        trip();
        reset();
    }
    OK(hl_drain(system_, NULL));
    CHECK(calls >= 7);
    hl_subscriber_info infos[4];
    size_t n;
    OK(hl_subscribers(system_, infos, COUNT(infos), &n));
    SAME(n, 1);
    CHECK(!strcmp(infos[0].name, "in threes") && infos[0].delivered >= 20);
    SAME(infos[0].queued, 0);
    OK(hl_system_close(system_, 0));
}

/* A manual System calls here: its time is over as soon as a call has come back. */
static void a_close_calls_nobody_after_its_time(void) {
    for (int subscribers = 1; subscribers <= 3; subscribers++) {
        for (int in_time = 0; in_time < 2; in_time++) {
            begin(open_manual(DESK));
            for (int i = 0; i < subscribers; i++) {
                ours = subscribe(count, &calls);
            }
            OK(hl_drain(system_, NULL));
            calls = 0;
            trip();
            /* What waits is one batch for each of them. */
            bool is_all = in_time || subscribers == 1;
            GIVES(is_all ? HL_OK : HL_PENDING, hl_system_close(system_, in_time ? UINT64_MAX : 0));
            SAME(calls, is_all ? (unsigned)subscribers : 1);
            GIVES(HL_ERR_STALE, hl_unsubscribe(ours, 0));
        }
    }
    /* Nor the rest of what waits for one. */
    uint64_t last = 0;
    begin(open_manual(DESK));
    hl_subscribe_options options = subscriber(batches, &last);
    options.batch = 1;
    OK(hl_subscribe(system_, &options, &ours));
    trip();
    reset();
    GIVES(HL_PENDING, hl_system_close(system_, 0));
    SAME(calls, 1);
}

static unsigned released;

static void release(void *user) {
    CHECK(user == &calls);
    __atomic_fetch_add(&released, 1, __ATOMIC_SEQ_CST);
}

/* Whatever ends it: what belongs to it is let go of once, and not before. */
static void what_belongs_to_a_callback_is_let_go_of_once(void) {
    for (uint32_t mode = HL_THREADED; mode <= HL_MANUAL; mode++) {
        for (int by_closing = 0; by_closing < 2; by_closing++) {
            hl_options options = manual(DESK);
            options.mode = mode;
            if (mode == HL_THREADED) {
                options.start_ns = 0;
            }
            begin(open_with(options));
            hl_subscribe_options how = subscriber(count, &calls);
            how.release = release;
            released = 0;
            how.capacity = UINT32_MAX;
            GIVES(HL_ERR_BAD_INPUT, hl_subscribe(system_, &how, &ours));
            how.capacity = 0;
            OK(hl_subscribe(system_, &how, &ours));
            trip();
            SAME(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 0);
            if (!by_closing) {
                OK(hl_unsubscribe(ours, UINT64_MAX));
                SAME(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 1);
            }
            OK(hl_system_close(system_, UINT64_MAX));
            SAME(__atomic_load_n(&released, __ATOMIC_SEQ_CST), 1);
        }
    }
}

/* A program that was compiled before there was a release. */
static void an_older_subscriber_has_none(void) {
    begin(open_manual(DESK));
    hl_subscribe_options how = subscriber(count, &calls);
    how.struct_size = (uint32_t)offsetof(hl_subscribe_options, release);
    how.release = release;
    released = 0;
    OK(hl_subscribe(system_, &how, &ours));
    OK(hl_system_close(system_, 0));
    SAME(released, 0);
}

static void named(const char *name, void *user) {
    CHECK(name != NULL && *name != 0);
    __atomic_fetch_add((unsigned *)user, 1, __ATOMIC_SEQ_CST);
}

static void each_thread_begins_with_the_hook(void) {
    unsigned threads = 0;
    hl_options options = manual(DESK);
    options.mode = HL_THREADED, options.start_ns = 0;
    options.on_thread = named, options.on_thread_user = &threads;
    begin(open_with(options));
    unsigned heard = 0;
    ours = subscribe(count, &heard);
    OK(hl_system_close(system_, UINT64_MAX));
    CHECK(__atomic_load_n(&threads, __ATOMIC_SEQ_CST) >= 3);
}

int main(void) {
    a_callback_may_call_anything_but_a_close();
    a_callback_may_end_itself_and_another();
    who_ends_a_callback_that_runs_is_told();
    events_come_in_order_and_in_batches();
    a_close_calls_nobody_after_its_time();
    what_belongs_to_a_callback_is_let_go_of_once();
    an_older_subscriber_has_none();
    each_thread_begins_with_the_hook();
}
