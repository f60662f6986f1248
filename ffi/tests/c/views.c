/* What people look at: how everything stands, what has happened, what has been counted, what is polled. */
#include "check.h"

static void everything_at_a_glance(void) {
    hl_system system = open_manual(DESK);
    hl_system_status status;
    OK(hl_status_get(system, &status));
    SAME(status.can_trade, 1);
    SAME(status.killed, 0);
    SAME(status.active, 1);
    SAME(status.tripped, 0);
    CHECK(status.message[0] != 0 && status.risk_score == 0);
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_status_get(system, &status));
    SAME(status.tripped, 1);
    CHECK(status.risk_score > 0);
    OK(hl_kill(system));
    OK(hl_status_get(system, &status));
    SAME(status.can_trade, 0);
    SAME(status.killed, HL_REASON_KILLED);
    OK(hl_rearm(system, status.kill_word, "", "root", HL_AUTHORITY_ADMIN));
    OK(hl_system_close(system, 0));
}

static void breakers_are_listed_and_counted(void) {
    hl_system system = open_manual(DESK);
    hl_breaker_info infos[16];
    hl_breaker_counts counts;
    hl_system_statistics all;
    size_t n, fewer;
    OK(hl_breakers(system, infos, COUNT(infos), &n));
    CHECK(n > 1);
    GIVES(HL_TRUNCATED, hl_breakers(system, infos, 1, &fewer));
    SAME(fewer, n);
    GIVES(HL_TRUNCATED, hl_breakers(system, NULL, 0, &fewer));
    hl_breaker desk = breaker_of(system, "desk");
    OK(hl_trip(system, desk, "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_advance(system, START + MINUTE));
    hl_breaker_info info = info_of(system, "desk");
    SAME(info.breaker.bits, desk.bits);
    SAME(info.since_ns, START);
    SAME(info.trips, 1);
    CHECK(!strcmp(info.name, "desk") && !strcmp(info.scope, "XNAS"));
    OK(hl_reset(system, desk, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_breaker_stats(system, desk, &counts));
    SAME(counts.trips, 1);
    SAME(counts.resets, 1);
    SAME(counts.time_in_ns[HL_STATUS_TRIPPED], MINUTE);
    OK(hl_drain(system, NULL));
    OK(hl_statistics(system, &all));
    SAME(all.counts.trips, 1);
    SAME(all.breakers, n);
    CHECK(all.events >= 2);
    SAME(all.lost, 0);
    OK(hl_system_close(system, 0));
}

static void the_past_can_be_asked_for(void) {
    hl_system system = open_manual(DESK);
    hl_breaker desk = breaker_of(system, "desk");
    hl_event events[8];
    hl_event_text text;
    hl_past past;
    char name[HL_NAME_BYTES], few[3];
    size_t n;
    OK(hl_trip(system, desk, "wild router", "tom", HL_AUTHORITY_TRADER));
    OK(hl_drain(system, NULL));
    memset(&past, 0, sizeof past);
    past.struct_size = sizeof past;
    past.filter.types = (uint64_t)1 << HL_EVENT_TRIPPED;
    past.filter.kinds = (uint64_t)1 << HL_KIND_MANUAL;
    past.filter.scope = "XNAS";
    past.breaker = desk;
    past.from_ns = past.until_ns = START;
    OK(hl_history(system, &past, events, COUNT(events), &n));
    SAME(n, 1);
    SAME(events[0].event_type, HL_EVENT_TRIPPED);
    SAME(events[0].reason, HL_REASON_MANUAL);
    SAME(events[0].at_ns, START);
    SAME(events[0].after, info_of(system, "desk").stamp);
    SAME(events[0].after_status, HL_STATUS_TRIPPED);
    SAME(events[0].after_denies, HL_HALT);
    SAME(events[0].authority, HL_AUTHORITY_TRADER);
    SAME(events[0].is_urgent, 1);
    OK(hl_event_details(system, &events[0], &text));
    CHECK(!strcmp(text.breaker, "desk") && !strcmp(text.scope, "XNAS") && !strcmp(text.actor, "tom"));
    CHECK(strstr(text.note, "wild router"));
    OK(hl_name(system, HL_NAME_BREAKER, desk.bits, name, sizeof name));
    CHECK(!strcmp(name, "desk"));
    OK(hl_name(system, HL_NAME_SCOPE, events[0].scope, name, sizeof name));
    CHECK(!strcmp(name, "XNAS"));
    OK(hl_name(system, HL_NAME_ACTOR, events[0].actor, name, sizeof name));
    CHECK(!strcmp(name, "tom"));
    GIVES(HL_TRUNCATED, hl_name(system, HL_NAME_ACTOR, events[0].actor, few, sizeof few));
    CHECK(!strcmp(few, "to"));
    past.from_ns = START + 1, past.until_ns = 0;
    OK(hl_history(system, &past, events, COUNT(events), &n));
    SAME(n, 0);
    past.filter.types = (uint64_t)1 << 63;
    GIVES(HL_ERR_ARGUMENT, hl_history(system, &past, events, COUNT(events), &n));
    OK(hl_system_close(system, 0));
}

static void words_need_no_system(void) {
    hl_system none = {0};
    char name[HL_NAME_BYTES];
    const struct { uint32_t what; uint64_t id; const char *word; } words[] = {
        {HL_NAME_KIND, HL_KIND_VOLATILITY, "volatility"}, {HL_NAME_STATUS, HL_STATUS_TRIPPED, "tripped"},
        {HL_NAME_REASON, HL_REASON_LIMIT, "limit"}, {HL_NAME_EVENT, HL_EVENT_GAP, "gap"},
        {HL_NAME_AUTHORITY, HL_AUTHORITY_ADMIN, "admin"}};
    for (size_t i = 0; i < COUNT(words); i++) {
        OK(hl_name(none, words[i].what, words[i].id, name, sizeof name));
        SAME(strcmp(name, words[i].word), 0);
        GIVES(HL_ERR_UNKNOWN, hl_name(none, words[i].what, UINT64_MAX, name, sizeof name));
        GIVES(HL_ERR_UNKNOWN, hl_name(none, words[i].what, 256, name, sizeof name));
    }
    GIVES(HL_ERR_STALE, hl_name(none, HL_NAME_SCOPE, 0, name, sizeof name));
    GIVES(HL_ERR_ARGUMENT, hl_name(none, 0, 0, name, sizeof name));
    GIVES(HL_ERR_ARGUMENT, hl_name(none, 9, 0, name, sizeof name));
}

static void what_is_polled_is_heard_and_the_rest_is_not(void) {
    hl_system system = open_manual("[[breaker]]\nname = \"loss\"\nkind = \"loss_rate\"\nscope = \"\"\nmetric = \"loss_rate\"\n"
        "[[breaker]]\nname = \"vix\"\nkind = \"volatility\"\nscope = \"\"\nmetric = \"vix_level\"\n");
    hl_metrics metrics;
    hl_market_conditions market;
    hl_system_status status;
    memset(&metrics, 0, sizeof metrics), memset(&market, 0, sizeof market);
    metrics.struct_size = sizeof metrics, market.struct_size = sizeof market;
    metrics.known = HL_HAS_LOSS_RATE, market.known = HL_HAS_VIX_LEVEL;
    metrics.loss_rate = 0.01, market.vix_level = 20;
    OK(hl_evaluate(system, &metrics, &market, &status));
    SAME(status.can_trade, 1);
    SAME(status.active, 2);
    metrics.loss_rate = 0.025;
    OK(hl_evaluate(system, &metrics, &market, &status));
    SAME(status.warning, 1);
    market.vix_level = 40;
    OK(hl_evaluate(system, &metrics, &market, &status));
    SAME(status.tripped, 1);
    SAME(status.can_trade, 0);
    SAME(info_of(system, "vix").status, HL_STATUS_TRIPPED);
    metrics.known = HL_HAS_MARKET_STATUS << 1;
    GIVES(HL_ERR_ARGUMENT, hl_evaluate(system, &metrics, &market, &status));
    metrics.known = HL_HAS_MARKET_STATUS, metrics.market_status = 4;
    GIVES(HL_ERR_ARGUMENT, hl_evaluate(system, &metrics, &market, &status));
    OK(hl_system_close(system, 0));
}

int main(void) {
    everything_at_a_glance();
    breakers_are_listed_and_counted();
    the_past_can_be_asked_for();
    words_need_no_system();
    what_is_polled_is_heard_and_the_rest_is_not();
}
