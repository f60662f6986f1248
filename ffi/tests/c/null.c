/* NULL in the place of every pointer: refused or denied, and never a crash. ffi/tests/suite holds that none is missing: it
 * reads the calls of this file, each on one line, and the prototypes of the headers. */
#include "check.h"

#define NONE(call) GIVES(HL_ERR_NULL, call)
#define ADMIN HL_AUTHORITY_ADMIN

static hl_system s;
static hl_breaker b;
static hl_gate *gate;

static void life(void) {
    hl_options options = manual(DESK);
    hl_sizes sizes = {sizeof sizes, sizeof(hl_gate), 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    hl_system out;
    uint64_t now;
    char text[8];
    NONE(hl_system_open(NULL, &out));
    NONE(hl_system_open(&options, NULL));
    NONE(hl_system_open_v1(NULL, HL_ABI_VERSION, &sizes, &out));
    NONE(hl_system_open_v1(&options, HL_ABI_VERSION, NULL, &out));
    NONE(hl_system_open_v1(&options, HL_ABI_VERSION, &sizes, NULL));
    SAME(hl_last_error(NULL, 0), hl_last_error(text, sizeof text));
    SAME(hl_last_error(NULL, 100), hl_last_error(text, sizeof text));
    NONE(hl_system_reload(s, NULL, 1));
    GIVES(HL_ERR_CONFIG, hl_system_reload(s, NULL, 0));
    NONE(hl_system_reload_file(s, NULL));
    NONE(hl_config_check(NULL, 1));
    GIVES(HL_ERR_CONFIG, hl_config_check(NULL, 0));
    NONE(hl_config_warnings(s, NULL, 8));
    NONE(hl_config_warnings(s, NULL, 0));
    NONE(hl_declare(s, NULL, 1));
    OK(hl_declare(s, NULL, 0));
    NONE(hl_declare(s, &(const char *){NULL}, 1));
    OK(hl_drain(s, NULL));
    NONE(hl_now(s, NULL));
    (void)now;
}

static void gates(void) {
    const char *scope = "XNAS";
    hl_gate *out;
    hl_verdict seen = {0};
    hl_denial denial;
    hl_permit permit;
    bool reduces;
    NONE(hl_gate_open(s, NULL, 1, &out));
    NONE(hl_gate_open(s, &(const char *){NULL}, 1, &out));
    NONE(hl_gate_open(s, &scope, 1, NULL));
    hl_gate_close(NULL);
    SAME(hl_gate_check(NULL).bits & ALL, ALL);
    SAME(hl_gate_slow(NULL).bits & ALL, ALL);
    SAME(hl_gate_check_call(NULL).bits & ALL, ALL);
    SAME(hl_gate_check2(NULL, gate).bits & ALL, ALL);
    SAME(hl_gate_check2(gate, NULL).bits & ALL, ALL);
    SAME(hl_gate_check2(NULL, NULL).bits & ALL, ALL);
    SAME(hl_gate_slow2(NULL, gate).bits & ALL, ALL);
    SAME(hl_gate_slow2(gate, NULL).bits & ALL, ALL);
    SAME(hl_gate_slow2(NULL, NULL).bits & ALL, ALL);
    CHECK(hl_gate_quick(NULL) != 0);
    for (uint32_t intent = HL_INCREASE; intent <= HL_CANCEL; intent++) {
        CHECK(!hl_gate_permits(NULL, intent));
    }
    CHECK(!hl_gate_admits_price(NULL, PRICE(1), HL_BUY));
    CHECK(!hl_gate_admits_price(NULL, PRICE(1), HL_SELL));
    NONE(hl_gate_reduces(NULL, 1, 0, -1, &reduces));
    NONE(hl_gate_reduces(gate, 1, 0, -1, NULL));
    NONE(hl_gate_try_probe(NULL, &permit));
    NONE(hl_gate_try_probe(gate, NULL));
    NONE(hl_gate_try_probe2(NULL, gate, HL_INCREASE, &permit));
    NONE(hl_gate_try_probe2(gate, NULL, HL_INCREASE, &permit));
    NONE(hl_gate_try_probe2(gate, gate, HL_INCREASE, NULL));
    NONE(hl_gate_explain(NULL, seen, &denial));
    NONE(hl_gate_explain(gate, seen, NULL));
    NONE(hl_gate_explain2(NULL, gate, seen, &denial));
    NONE(hl_gate_explain2(gate, NULL, seen, &denial));
    NONE(hl_gate_explain2(gate, gate, seen, NULL));
    NONE(hl_permit_passed(NULL));
    NONE(hl_permit_failed(NULL));
    NONE(hl_permit_release(NULL));
}

static void observations(void) {
    hl_feed *feed = feed_on(s, "XNAS"), *feed_out;
    hl_tally *tally, *tally_out;
    hl_permit permit = {0};
    hl_position position = {sizeof position, 0, 1, 1, 1};
    uint32_t check;
    NONE(hl_feed_open(s, NULL, &feed_out));
    NONE(hl_feed_open(s, "XNYS", NULL));
    hl_feed_close(NULL);
    NONE(hl_feed_trade(NULL, PRICE(1), 1, 0, START));
    NONE(hl_feed_quote(NULL, PRICE(1), PRICE(1), START));
    NONE(hl_feed_reference(NULL, PRICE(1), 20200309, START));
    NONE(hl_feed_equity(NULL, 1, START));
    NONE(hl_feed_pnl(NULL, 1, START));
    NONE(hl_feed_flow(NULL, 1, START));
    NONE(hl_feed_position(NULL, &position, START));
    NONE(hl_feed_position(feed, NULL, START));
    NONE(hl_feed_margin(NULL, 1, 1, START));
    NONE(hl_feed_outcome(NULL, HL_OUTCOME_SUCCESS, 0, START));
    NONE(hl_feed_heartbeat(NULL, START));
    NONE(hl_feed_venue(NULL, HL_VENUE_OPEN, START));
    NONE(hl_feed_sequence(NULL, 1, START, START));
    NONE(hl_feed_check(NULL, 0, true, START));
    NONE(hl_feed_prediction(NULL, true, START));
    NONE(hl_feed_reading(NULL, b, 1, START));
    NONE(hl_check_find(s, NULL, &check));
    NONE(hl_check_find(s, "prices", NULL));
    OK(hl_tally_open(s, "XNYS", &tally));
    NONE(hl_tally_open(s, NULL, &tally_out));
    NONE(hl_tally_open(s, "XNYS", NULL));
    hl_tally_close(NULL);
    NONE(hl_tally_admit(NULL, &permit));
    NONE(hl_tally_admit(tally, NULL));
    NONE(hl_tally_outcome(NULL, permit, HL_OUTCOME_SUCCESS, 0, START));
    NONE(hl_tally_pnl(NULL, 1, START));
    NONE(hl_tally_flow(NULL, 1, START));
    NONE(hl_tally_prediction(NULL, true, START));
    /* Nothing was claimed by those that were refused. */
    hl_tally_close(&tally);
    feed_out = feed_on(s, "XNYS");
    hl_feed_close(&feed), hl_feed_close(&feed_out);
}

static void people(void) {
    hl_policy policy;
    memset(&policy, 0, sizeof policy), policy.struct_size = sizeof policy;
    NONE(hl_trip(s, b, NULL, "tom", ADMIN));
    NONE(hl_trip(s, b, "", NULL, ADMIN));
    NONE(hl_reset(s, b, 0, NULL, "tom", ADMIN));
    NONE(hl_reset(s, b, 0, "", NULL, ADMIN));
    NONE(hl_force_reset(s, b, 0, NULL, "tom", ADMIN));
    NONE(hl_force_reset(s, b, 0, "", NULL, ADMIN));
    NONE(hl_rebase(s, b, 1, NULL, "tom", ADMIN));
    NONE(hl_rebase(s, b, 1, "", NULL, ADMIN));
    NONE(hl_liquidate(s, b, NULL, "tom", ADMIN));
    NONE(hl_liquidate(s, b, "", NULL, ADMIN));
    NONE(hl_liquidated(s, b, NULL, "tom", ADMIN));
    NONE(hl_liquidated(s, b, "", NULL, ADMIN));
    NONE(hl_maintain(s, b, NULL, "tom", ADMIN));
    NONE(hl_maintain(s, b, "", NULL, ADMIN));
    NONE(hl_enable(s, b, true, NULL, "tom", ADMIN));
    NONE(hl_enable(s, b, true, "", NULL, ADMIN));
    NONE(hl_drill(s, b, NULL, "tom", ADMIN));
    NONE(hl_drill(s, b, "", NULL, ADMIN));
    NONE(hl_emergency_stop(s, NULL, HL_SOURCE_MANUAL, "", "tom", ADMIN));
    NONE(hl_emergency_stop(s, "XNAS", HL_SOURCE_MANUAL, NULL, "tom", ADMIN));
    NONE(hl_emergency_stop(s, "XNAS", HL_SOURCE_MANUAL, "", NULL, ADMIN));
    NONE(hl_clear_emergency_stop(s, NULL, "", "tom", ADMIN));
    NONE(hl_clear_emergency_stop(s, "XNAS", NULL, "tom", ADMIN));
    NONE(hl_clear_emergency_stop(s, "XNAS", "", NULL, ADMIN));
    NONE(hl_kill_word(s, NULL));
    NONE(hl_rearm(s, 0, NULL, "tom", ADMIN));
    NONE(hl_rearm(s, 0, "", NULL, ADMIN));
    NONE(hl_policy_get(s, b, NULL));
    NONE(hl_policy_update(s, b, NULL, "", "tom", ADMIN));
    NONE(hl_policy_update(s, b, &policy, NULL, "tom", ADMIN));
    NONE(hl_policy_update(s, b, &policy, "", NULL, ADMIN));
}

static void views(void) {
    hl_metrics metrics;
    hl_market_conditions market;
    hl_system_status status;
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_subscription subscription, out;
    hl_event event;
    hl_event_text text;
    hl_past past;
    hl_breaker breaker;
    size_t n;
    memset(&metrics, 0, sizeof metrics), memset(&market, 0, sizeof market), memset(&past, 0, sizeof past), memset(&event, 0, sizeof event);
    metrics.struct_size = sizeof metrics, market.struct_size = sizeof market, past.struct_size = sizeof past;
    NONE(hl_evaluate(s, NULL, &market, &status));
    NONE(hl_evaluate(s, &metrics, NULL, &status));
    NONE(hl_evaluate(s, &metrics, &market, NULL));
    OK(hl_subscribe(s, &options, &subscription));
    NONE(hl_subscribe(s, NULL, &out));
    NONE(hl_subscribe(s, &options, NULL));
    NONE(hl_poll_events(subscription, NULL, 1, &n));
    NONE(hl_poll_events(subscription, &event, 1, NULL));
    NONE(hl_wait_events(subscription, NULL, 1, 0, &n));
    NONE(hl_wait_events(subscription, &event, 1, 0, NULL));
    NONE(hl_event_details(s, NULL, &text));
    NONE(hl_event_details(s, &event, NULL));
    NONE(hl_subscribers(s, NULL, 1, &n));
    NONE(hl_subscribers(s, NULL, 0, NULL));
    NONE(hl_status_get(s, NULL));
    NONE(hl_breaker_find(s, NULL, &breaker));
    NONE(hl_breaker_find(s, "desk", NULL));
    NONE(hl_breakers(s, NULL, 1, &n));
    NONE(hl_breakers(s, NULL, 0, NULL));
    NONE(hl_breaker_status(s, b, NULL));
    NONE(hl_breaker_stats(s, b, NULL));
    NONE(hl_statistics(s, NULL));
    NONE(hl_history(s, NULL, &event, 1, &n));
    NONE(hl_history(s, &past, NULL, 1, &n));
    NONE(hl_history(s, &past, &event, 1, NULL));
    NONE(hl_name(s, HL_NAME_KIND, HL_KIND_MANUAL, NULL, 8));
}

int main(void) {
    s = open_manual(DESK "[[breaker]]\nname = \"second\"\nkind = \"manual\"\nscope = \"XNYS\"\n");
    b = breaker_of(s, "desk");
    gate = gate_on(s, "XNAS");
    life();
    gates();
    observations();
    people();
    views();
    /* Nothing has moved. */
    SAME(permitted(gate), ALL);
    SAME(info_of(s, "desk").status, HL_STATUS_ACTIVE);
    hl_gate_close(&gate);
    OK(hl_system_close(s, 0));
}
