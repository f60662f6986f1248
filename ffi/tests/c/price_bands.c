/* The prices that an order may name: a band of 5 % about the mean, a tick of a cent. */
#include "check.h"

static const char config[] =
    "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-02\nto = 2020-03-31\n"
    "sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n"
    "[[breaker]]\nname = \"bands\"\nkind = \"market_circuit_breaker\"\nscope = \"XNAS/AAPL\"\nsource = \"band\"\n"
    "calendar = \"us\"\ntick = 0.01\nmean_of = \"1m\"\nstep = 0\nhold = \"0s\"\nlimit_state = \"1s\"\npause = \"5m\"\n"
    "stale_after = \"2h\"\n[[breaker.row]]\nshare = 0.05\n";

/* At the upper band and the lower one themselves, and one unit beyond either. */
static void admits_exactly(const char *file, int line, const hl_gate *gate, int64_t lower, int64_t upper) {
    same(file, line, "a purchase at the upper band", hl_gate_admits_price(gate, upper, HL_BUY), true);
    same(file, line, "a purchase above it", hl_gate_admits_price(gate, upper + 1, HL_BUY), false);
    same(file, line, "a purchase far below", hl_gate_admits_price(gate, INT64_MIN + 1, HL_BUY), true);
    same(file, line, "a sale at the lower band", hl_gate_admits_price(gate, lower, HL_SELL), true);
    same(file, line, "a sale below it", hl_gate_admits_price(gate, lower - 1, HL_SELL), false);
    same(file, line, "a sale far above", hl_gate_admits_price(gate, INT64_MAX, HL_SELL), true);
    same(file, line, "a purchase at no price", hl_gate_admits_price(gate, HL_NO_PRICE, HL_BUY), false);
    same(file, line, "a sale at no price", hl_gate_admits_price(gate, HL_NO_PRICE, HL_SELL), false);
}
#define ADMITS(gate, lower, upper) admits_exactly(__FILE__, __LINE__, gate, PRICE(lower), PRICE(upper))

static void without_a_band_every_price_may_be_named_and_no_price_is_none(void) {
    hl_system system = open_manual(DESK);
    hl_gate *gate = gate_on(system, "XNAS");
    const int64_t prices[] = {INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < COUNT(prices); i++) {
        CHECK(hl_gate_admits_price(gate, prices[i], HL_BUY) && hl_gate_admits_price(gate, prices[i], HL_SELL));
        CHECK(!hl_gate_admits_price(gate, HL_NO_PRICE, i % 2 ? HL_SELL : HL_BUY));
        CHECK(!hl_gate_admits_price(gate, prices[i], HL_SELL + 1) && !hl_gate_admits_price(gate, prices[i], UINT32_MAX));
    }
    hl_gate_close(&gate);
    OK(hl_system_close(system, 0));
}

static void a_band_admits_its_own_prices_and_none_beyond(void) {
    hl_options options = manual(config);
    options.start_ns = START - 65 * 3600 * SECOND;
    hl_system system = open_with(options);
    const char *scopes[] = {"XNAS/AAPL", "XNYS"}, *turned[] = {"XNYS", "XNAS/AAPL"};
    hl_gate *gate, *other;
    OK(hl_declare(system, &scopes[1], 1));
    OK(hl_gate_open(system, scopes, 2, &gate));
    OK(hl_gate_open(system, turned, 2, &other));
    hl_feed *feed = feed_on(system, "XNAS/AAPL");
    /* Nothing is known: nothing may be named. */
    CHECK(!hl_gate_admits_price(gate, PRICE(100), HL_BUY) && !hl_gate_admits_price(gate, PRICE(100), HL_SELL));
    OK(hl_feed_reference(feed, PRICE(100), 20200306, options.start_ns));
    OK(hl_advance(system, START + SECOND));
    OK(hl_feed_trade(feed, PRICE(100), 1, 0, START + SECOND));
    ADMITS(gate, 95, 105);
    /* It is the band of the first scope that has one, in whatever order they stand. */
    ADMITS(other, 95, 105);
    /* The mean of a minute is 101. */
    OK(hl_advance(system, START + 2 * MINUTE));
    OK(hl_feed_trade(feed, PRICE(101), 1, 0, START + 2 * MINUTE));
    ADMITS(gate, 95.95, 106.05);
    hl_feed_close(&feed);
    hl_gate_close(&gate), hl_gate_close(&other);
    OK(hl_system_close(system, 0));
}

int main(void) {
    without_a_band_every_price_may_be_named_and_no_price_is_none();
    a_band_admits_its_own_prices_and_none_beyond();
}
