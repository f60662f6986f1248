/* Structs that callers fill: too short, too long, with something behind what is known, and right before memory that is none. */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define KNOWN_MOST 4096

static hl_system system_;
static hl_feed *feed;

static hl_status open_options(const void *from) {
    hl_system system;
    hl_status status = hl_system_open(from, &system);
    if (status == HL_OK) OK(hl_system_close(system, UINT64_MAX));
    return status;
}

static hl_status open_sizes(const void *from) {
    hl_options options = manual(DESK);
    hl_system system;
    hl_status status = hl_system_open_v1(&options, HL_ABI_VERSION, from, &system);
    if (status == HL_OK) OK(hl_system_close(system, UINT64_MAX));
    return status;
}

static hl_status subscribe(const void *from) {
    hl_subscription subscription;
    hl_status status = hl_subscribe(system_, from, &subscription);
    if (status == HL_OK) OK(hl_unsubscribe(subscription, 0));
    return status;
}

static hl_status position(const void *from) {
    return hl_feed_position(feed, from, START);
}

static hl_status policy(const void *from) {
    return hl_policy_update(system_, breaker_of(system_, "desk"), from, "", "root", HL_AUTHORITY_ADMIN);
}

static hl_status metrics(const void *from) {
    hl_market_conditions market;
    hl_system_status status;
    memset(&market, 0, sizeof market);
    market.struct_size = sizeof market;
    return hl_evaluate(system_, from, &market, &status);
}

static hl_status market(const void *from) {
    hl_metrics metrics;
    hl_system_status status;
    memset(&metrics, 0, sizeof metrics);
    metrics.struct_size = sizeof metrics;
    return hl_evaluate(system_, &metrics, from, &status);
}

static hl_status past(const void *from) {
    size_t n;
    hl_status status = hl_history(system_, from, NULL, 0, &n);
    return status == HL_TRUNCATED ? HL_OK : status;
}

static hl_options options_;
static hl_sizes sizes_ = {
    sizeof sizes_,         sizeof(hl_gate),          sizeof(hl_verdict),        sizeof(hl_event),
    sizeof(hl_denial),     sizeof(hl_system_status), sizeof(hl_breaker_info),   sizeof(hl_breaker_counts),
    sizeof(hl_system_statistics), sizeof(hl_event_text), sizeof(hl_subscriber_info), sizeof(hl_policy)};
static hl_subscribe_options subscribe_;
static hl_position position_ = {0, 0, 7, 100, MONEY(1000)};
static hl_policy policy_;
static hl_metrics metrics_;
static hl_market_conditions market_;
static hl_past past_;

static const struct {
    const char *name;
    hl_status (*give)(const void *);
    const void *good;
    uint32_t size;
} structs[] = {
    {"hl_options", open_options, &options_, sizeof options_},
    {"hl_sizes", open_sizes, &sizes_, sizeof sizes_},
    {"hl_subscribe_options", subscribe, &subscribe_, sizeof subscribe_},
    {"hl_position", position, &position_, sizeof position_},
    {"hl_policy", policy, &policy_, sizeof policy_},
    {"hl_metrics", metrics, &metrics_, sizeof metrics_},
    {"hl_market_conditions", market, &market_, sizeof market_},
    {"hl_past", past, &past_, sizeof past_},
};

/* Two pages, behind which nothing can be read. */
static unsigned char *room;
static size_t length;

/* A struct of this size at the very end of what can be read: its known part, and behind it zeros but for one byte. */
static hl_status give(size_t i, uint32_t size, size_t written, size_t not_zero) {
    unsigned char *at = room + length - written;
    memset(room, 0, length);
    memcpy(at, structs[i].good, written < structs[i].size ? written : structs[i].size);
    memcpy(at, &size, written < sizeof size ? written : sizeof size);
    if (not_zero) at[not_zero] = 1;
    return structs[i].give(at);
}

static void each_struct_is_read_as_far_as_it_says(void) {
    for (size_t i = 0; i < COUNT(structs); i++) {
        const uint32_t size = structs[i].size;
        fprintf(stderr, "%s, %u bytes\n", structs[i].name, size);
        GIVES(HL_OK, give(i, size, size, 0));
        /* A newer one: with nothing behind what is known, and with something. */
        GIVES(HL_OK, give(i, size + 8, size + 8, 0));
        GIVES(HL_OK, give(i, KNOWN_MOST, KNOWN_MOST, 0));
        GIVES(HL_ERR_STRUCT_SIZE, give(i, size + 8, size + 8, size));
        GIVES(HL_ERR_STRUCT_SIZE, give(i, size + 1, size + 1, size));
        GIVES(HL_ERR_STRUCT_SIZE, give(i, KNOWN_MOST, KNOWN_MOST, KNOWN_MOST - 1));
        /* Too short: no more than its size is read. */
        const uint32_t none[] = {0, 1, 3, 4, 7, 8, KNOWN_MOST + 1, INT32_MAX, UINT32_MAX};
        for (size_t j = 0; j < COUNT(none); j++) {
            GIVES(HL_ERR_STRUCT_SIZE, give(i, none[j], sizeof(uint32_t), 0));
        }
    }
}

/* What is kept for later may mean something one day. */
static void what_is_reserved_must_be_zero(void) {
    hl_options options = options_;
    hl_subscribe_options one = subscribe_, other = subscribe_;
    hl_policy part = policy_;
    hl_past first = past_, second = past_;
    options.reserved = one.reserved = other.filter.reserved = part.reserved = first.reserved = second.filter.reserved = 1u << 31;
    options.struct_size = sizeof options, one.struct_size = other.struct_size = sizeof one;
    part.struct_size = sizeof part, first.struct_size = second.struct_size = sizeof first;
    GIVES(HL_ERR_ARGUMENT, open_options(&options));
    GIVES(HL_ERR_ARGUMENT, subscribe(&one));
    GIVES(HL_ERR_ARGUMENT, subscribe(&other));
    GIVES(HL_ERR_ARGUMENT, policy(&part));
    GIVES(HL_ERR_ARGUMENT, past(&first));
    GIVES(HL_ERR_ARGUMENT, past(&second));
}

/* The first version had 40 bytes of it: who was compiled with that is heard, what he does not have is zero. */
static void an_older_struct_is_taken(void) {
    hl_options options = options_;
    options.struct_size = 40, options.mode = HL_THREADED, options.start_ns = 0;
    /* Nothing behind its size is looked at. */
    options.idle = 99;
    OK(open_options(&options));
    options.struct_size = 64;
    GIVES(HL_ERR_ARGUMENT, open_options(&options));
    options.struct_size = 39;
    GIVES(HL_ERR_STRUCT_SIZE, open_options(&options));
}

int main(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    length = 2 * page;
    room = mmap(NULL, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(room != MAP_FAILED && mprotect(room + length, page, PROT_NONE) == 0);
    options_ = manual(DESK);
    subscribe_ = subscriber(NULL, NULL);
    system_ = open_manual(DESK);
    feed = feed_on(system_, "XNAS");
    each_struct_is_read_as_far_as_it_says();
    what_is_reserved_must_be_zero();
    an_older_struct_is_taken();
    hl_feed_close(&feed);
    OK(hl_system_close(system_, 0));
    munmap(room, length + page);
}
