/* Observations: one thread's feed, many threads' tallies, and what of them means nothing. */
#include <pthread.h>

#include "check.h"

static void a_feed_is_held_by_one(void) {
    hl_system system = open_manual(DRAWDOWN);
    hl_feed *feed = feed_on(system, "acct/alpha"), *again;
    hl_tally *tally;
    GIVES(HL_ERR_CLAIMED, hl_feed_open(system, "acct/alpha", &again));
    GIVES(HL_ERR_CLAIMED, hl_tally_open(system, "acct/alpha", &tally));
    GIVES(HL_ERR_UNKNOWN, hl_feed_open(system, "acct/beta", &again));
    GIVES(HL_ERR_BAD_SCOPE, hl_feed_open(system, "acct/", &again));
    hl_feed_close(&feed);
    CHECK(feed == NULL);
    hl_feed_close(&feed), hl_feed_close(NULL);
    again = feed_on(system, "acct/alpha");
    hl_feed_close(&again);
    OK(hl_system_close(system, 0));
}

static void what_means_nothing_is_refused_and_counted(void) {
    hl_system system = open_manual(DRAWDOWN);
    hl_feed *feed = feed_on(system, "acct/alpha");
    OK(hl_feed_equity(feed, MONEY(100), START));
    GIVES(HL_ERR_BAD_INPUT, hl_feed_equity(feed, MONEY(100), START - 1));
    GIVES(HL_ERR_BAD_INPUT, hl_feed_equity(feed, MONEY(100), START + SECOND + 1));
    OK(hl_feed_equity(feed, MONEY(100), START + SECOND));
    const int64_t none[] = {0, -2, INT64_MIN};
    for (size_t i = 0; i < COUNT(none); i++) {
        GIVES(HL_ERR_BAD_INPUT, hl_feed_trade(feed, none[i], 1, 0, START + SECOND));
        GIVES(HL_ERR_BAD_INPUT, hl_feed_quote(feed, none[i] ? none[i] + 1 : 0, PRICE(1), START + SECOND));
    }
    GIVES(HL_ERR_BAD_INPUT, hl_feed_trade(feed, PRICE(1), -1, 0, START + SECOND));
    GIVES(HL_ERR_ARGUMENT, hl_feed_trade(feed, PRICE(1), 1, 2, START + SECOND));
    GIVES(HL_ERR_ARGUMENT, hl_feed_outcome(feed, 3, 0, START + SECOND));
    CHECK(info_of(system, "drawdown").refused > 0);
    hl_feed_close(&feed);
    OK(hl_system_close(system, 0));
}

static void every_observation_is_taken(void) {
    hl_system system = open_manual("[[breaker]]\nname = \"all\"\nkind = \"volatility\"\nscope = \"XNAS\"\nsource = \"level\"\n" DESK);
    hl_feed *feed = feed_on(system, "XNAS");
    hl_position position = {sizeof position, 1, 7, 100, MONEY(1000)};
    OK(hl_feed_trade(feed, PRICE(100), 1, 0, START));
    OK(hl_feed_trade(feed, 0, 1, HL_TRADE_INELIGIBLE, START));
    OK(hl_feed_quote(feed, PRICE(100), PRICE(101), START));
    OK(hl_feed_quote(feed, HL_NO_PRICE, PRICE(101), START));
    OK(hl_feed_quote(feed, PRICE(101), HL_NO_PRICE, START));
    OK(hl_feed_reference(feed, PRICE(100), 20200306, START));
    OK(hl_feed_equity(feed, MONEY(1), START));
    OK(hl_feed_pnl(feed, -MONEY(1), START));
    OK(hl_feed_flow(feed, MONEY(1), START));
    OK(hl_feed_position(feed, &position, START));
    OK(hl_feed_margin(feed, 1, -1, START));
    OK(hl_feed_outcome(feed, HL_OUTCOME_IGNORED, 0, START));
    OK(hl_feed_heartbeat(feed, START));
    OK(hl_feed_venue(feed, HL_VENUE_OPEN, START));
    OK(hl_feed_sequence(feed, 1, START, START));
    OK(hl_feed_prediction(feed, true, START));
    hl_breaker all = breaker_of(system, "all"), desk = breaker_of(system, "desk");
    SAME(info_of(system, "all").is_unready, 1);
    OK(hl_feed_reading(feed, all, 12.5, START));
    SAME(info_of(system, "all").is_unready, 0);
    CHECK(info_of(system, "all").value == 12.5);
    OK(hl_feed_reading(feed, all, 40, START));
    SAME(info_of(system, "all").status, HL_STATUS_TRIPPED);
    GIVES(HL_ERR_UNKNOWN, hl_feed_reading(feed, desk, 1, START));
    double zero = 0;
    GIVES(HL_ERR_BAD_INPUT, hl_feed_reading(feed, all, zero / zero, START));
    hl_system other = open_manual(DESK);
    GIVES(HL_ERR_STALE, hl_feed_reading(feed, breaker_of(other, "desk"), 1, START));
    OK(hl_system_close(other, 0));
    OK(hl_system_close(system, 0));
    GIVES(HL_ERR_CLOSED, hl_feed_heartbeat(feed, START));
    GIVES(HL_ERR_CLOSED, hl_feed_trade(feed, PRICE(1), 1, 0, START));
    hl_feed_close(&feed);
}

static const char shared[] = "[[breaker]]\nname = \"gateway\"\nkind = \"technical\"\nscope = \"XNAS\"\nfailure_rate = 0.5\n"
    "window = 1000\nmin_calls = 1000\nhalt_for = \"30s\"\ncooldown_for = \"20s\"\ncooldown_effect = { probe = 2 }\n"
    "[[breaker]]\nname = \"loss\"\nkind = \"loss_rate\"\nscope = \"acct\"\nsource = \"pnl\"\ncapital = 100000\nlimit = 0.03\n"
    "streak = false\nacceleration = false\n";

static hl_system system_;
static unsigned long calls;

/* With failures, a quarter of the calls fail. */
static void *tell(void *failures) {
    hl_tally *tally;
    OK(hl_tally_open(system_, "XNAS", &tally));
    for (unsigned long i = 0; i < calls; i++) {
        hl_permit permit;
        OK(hl_tally_admit(tally, &permit));
        uint32_t outcome = i < calls / 4 && failures ? HL_OUTCOME_FAILURE : HL_OUTCOME_SUCCESS;
        OK(hl_tally_outcome(tally, permit, outcome, 1000, START));
    }
    hl_tally_close(&tally);
    CHECK(tally == NULL);
    return NULL;
}

static void tallies_of_many_threads_add_up(void) {
    pthread_t threads[4];
    system_ = open_manual(shared);
    calls = 250;
    for (size_t i = 0; i < COUNT(threads); i++) {
        SAME(pthread_create(&threads[i], NULL, tell, i < 2 ? &calls : NULL), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        SAME(pthread_join(threads[i], NULL), 0);
    }
    hl_breaker_info info = info_of(system_, "gateway");
    SAME(info.status, HL_STATUS_ACTIVE);
    CHECK(info.has_value && info.value == 0.124);
    OK(hl_system_close(system_, 0));
}

static void a_tally_admits_as_a_gate_does_and_hears_of_probes(void) {
    hl_system system = open_manual(shared);
    hl_tally *tally, *handles[HL_TALLY_HANDLES], *one_more;
    hl_permit permit, second;
    OK(hl_tally_open(system, "XNAS", &tally));
    for (int i = 0; i < 1000; i++) {
        OK(hl_tally_admit(tally, &permit));
        OK(hl_tally_outcome(tally, permit, i < 500 ? HL_OUTCOME_SUCCESS : HL_OUTCOME_FAILURE, 0, START));
    }
    SAME(info_of(system, "gateway").status, HL_STATUS_TRIPPED);
    GIVES(HL_ERR_DENIED, hl_tally_admit(tally, &permit));
    OK(hl_advance(system, START + 30 * SECOND));
    SAME(info_of(system, "gateway").status, HL_STATUS_COOLDOWN);
    OK(hl_tally_admit(tally, &permit));
    OK(hl_tally_admit(tally, &second));
    OK(hl_tally_outcome(tally, permit, HL_OUTCOME_SUCCESS, 0, START + 30 * SECOND));
    GIVES(HL_ERR_STALE, hl_tally_outcome(tally, permit, HL_OUTCOME_SUCCESS, 0, START + 30 * SECOND));
    OK(hl_tally_outcome(tally, second, HL_OUTCOME_FAILURE, 0, START + 30 * SECOND));
    SAME(info_of(system, "gateway").status, HL_STATUS_TRIPPED);
    GIVES(HL_ERR_ARGUMENT, hl_tally_outcome(tally, (hl_permit){0}, 3, 0, START + 30 * SECOND));
    hl_tally_close(&tally);
    for (size_t i = 0; i < COUNT(handles); i++) {
        OK(hl_tally_open(system, "XNAS", &handles[i]));
    }
    GIVES(HL_ERR_FULL, hl_tally_open(system, "XNAS", &one_more));
    for (size_t i = 0; i < COUNT(handles); i++) {
        hl_tally_close(&handles[i]);
    }
    hl_tally_close(NULL);
    OK(hl_system_close(system, 0));
}

static void gains_and_losses_of_tallies_are_heard(void) {
    hl_system system = open_manual(shared);
    hl_tally *one, *other;
    OK(hl_tally_open(system, "acct", &one));
    OK(hl_tally_open(system, "acct", &other));
    OK(hl_tally_prediction(one, true, START));
    OK(hl_tally_flow(one, MONEY(100000), START));
    OK(hl_tally_pnl(one, -MONEY(3000), START));
    SAME(info_of(system, "loss").status, HL_STATUS_ACTIVE);
    OK(hl_tally_pnl(other, -MONEY(3000), START));
    SAME(info_of(system, "loss").status, HL_STATUS_TRIPPED);
    GIVES(HL_ERR_BAD_INPUT, hl_tally_pnl(other, 1, START + 2 * SECOND));
    OK(hl_system_close(system, 0));
    GIVES(HL_ERR_CLOSED, hl_tally_pnl(one, 1, START));
    hl_tally_close(&one), hl_tally_close(&other);
}

int main(void) {
    a_feed_is_held_by_one();
    what_means_nothing_is_refused_and_counted();
    every_observation_is_taken();
    tallies_of_many_threads_add_up();
    a_tally_admits_as_a_gate_does_and_hears_of_probes();
    gains_and_losses_of_tallies_are_heard();
}
