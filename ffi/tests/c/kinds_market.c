/* Kinds that hear a market: each warns, trips and comes back. */
#include "kinds.h"

static void trades(hl_system system, hl_feed *feed, uint64_t first, const double *prices, size_t n) {
    for (size_t i = 0; i < n; i++) {
        OK(hl_feed_trade(feed, PRICE(prices[i]), 1, 0, at(system, first + i * MINUTE)));
    }
}
#define TRADES(first, ...)                                                                                             \
    trades(system, feed, first, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void volatility(void) {
    hl_system system = begin("[[breaker]]\nname = \"vol\"\nkind = \"volatility\"\nscope = \"XNAS/AAPL\"\nsample = \"1m\"\n"
        "window = \"5m\"\nlimit = 0.05\nrise = false\nbreakout = false\nhalt_for = \"2m\"\nstale_after = \"2m\"\n", START);
    hl_feed *feed = feed_on(system, "XNAS/AAPL");
    TRADES(MINUTE / 2, 100, 100.1, 100, 100.1, 100, 100.1);
    STANDS(system, "vol", HL_STATUS_ACTIVE, HL_HALT);
    BECAUSE(system, "vol", HL_REASON_NOT_READY);
    TRADES(13 * MINUTE / 2, 100);
    STANDS(system, "vol", HL_STATUS_ACTIVE, 0);
    TRADES(15 * MINUTE / 2, 102, 100, 102, 100, 102);
    STANDS(system, "vol", HL_STATUS_WARNING, 0);
    TRADES(25 * MINUTE / 2, 98, 102, 98);
    STANDS(system, "vol", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "vol", HL_REASON_LIMIT);
    TRADES(31 * MINUTE / 2, 98, 98.1);
    STANDS(system, "vol", HL_STATUS_TRIPPED, HL_HALT);
    TRADES(35 * MINUTE / 2, 98, 98.1, 98, 98.1);
    STANDS(system, "vol", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_READY, 1), HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1);
}

static void pairs(hl_system system, hl_feed *one, hl_feed *other, uint64_t first, size_t n, const double prices[][2]) {
    for (size_t i = 0; i < n; i++) {
        uint64_t now = at(system, first + i * MINUTE);
        OK(hl_feed_trade(one, PRICE(prices[i][0]), 1, 0, now));
        OK(hl_feed_trade(other, PRICE(prices[i][1]), 1, 0, now));
    }
}

static void correlation(void) {
    hl_system system = begin("[[breaker]]\nname = \"as-one\"\nkind = \"correlation\"\nscope = \"acct/alpha\"\n"
        "watch = [\"XNYS/SPY\", \"XNAS/TLT\"]\nsample = \"1m\"\nwindow = 8\nlimit = 0.7\nhalt_for = \"5m\"\nstale_after = \"2m\"\n", START);
    hl_feed *one = feed_on(system, "XNYS/SPY"), *other = feed_on(system, "XNAS/TLT");
    const double apart[][2] = {{100, 101}, {101, 100}, {100, 101}, {101, 100}, {100, 101}, {101, 100}, {100, 101}, {101, 100}, {100, 101}};
    const double together[][2] = {{97, 98}, {99, 100}, {96, 97}};
    const double crash[][2] = {{98, 99}}, again[][2] = {{96, 101}, {98, 99}, {96, 101}, {98, 99}, {96, 101}};
    pairs(system, one, other, MINUTE / 2, COUNT(apart), apart);
    STANDS(system, "as-one", HL_STATUS_ACTIVE, HL_HALT);
    at(system, 9 * MINUTE);
    STANDS(system, "as-one", HL_STATUS_ACTIVE, 0);
    pairs(system, one, other, 19 * MINUTE / 2, COUNT(together), together);
    at(system, 12 * MINUTE);
    STANDS(system, "as-one", HL_STATUS_WARNING, 0);
    pairs(system, one, other, 25 * MINUTE / 2, COUNT(crash), crash);
    at(system, 13 * MINUTE);
    STANDS(system, "as-one", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "as-one", HL_REASON_LIMIT);
    pairs(system, one, other, 27 * MINUTE / 2, COUNT(again), again);
    STANDS(system, "as-one", HL_STATUS_TRIPPED, HL_HALT);
    at(system, 18 * MINUTE);
    STANDS(system, "as-one", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&one), hl_feed_close(&other);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1);
}

/* Levels of a close of 1000: 930 and 800. From a Friday's close to Tuesday. */
static void market_circuit_breaker(void) {
    hl_system system = begin(US "[[breaker]]\nname = \"mwcb\"\nkind = \"market_circuit_breaker\"\nscope = \"\"\nwatch = \"index/SPX\"\n"
        "calendar = \"us\"\nstale_after = \"2h\"\n"
        "[[breaker.rung]]\nlimit = 0.07\nwindows = [{ from = \"open\", until = \"close-35m\", halt_for = \"15m\" }]\n"
        "[[breaker.rung]]\nlimit = 0.20\nwindows = [{ from = \"open\", until = \"close\", until_next_session = true }]\n",
        START - 232200 * SECOND);
    const uint64_t open = 232200 * SECOND, next = open + 86400 * SECOND;
    hl_feed *feed = feed_on(system, "index/SPX");
    GIVES(HL_ERR_BAD_INPUT, hl_feed_reference(feed, 0, 20200306, at(system, SECOND)));
    GIVES(HL_ERR_BAD_INPUT, hl_feed_reference(feed, PRICE(1000), 20200230, at(system, SECOND)));
    OK(hl_feed_reference(feed, PRICE(1000), 20200306, at(system, SECOND)));
    TRADES(open + SECOND, 990);
    STANDS(system, "mwcb", HL_STATUS_ACTIVE, 0);
    TRADES(open + 3 * MINUTE, 930.01);
    STANDS(system, "mwcb", HL_STATUS_WARNING, 0);
    TRADES(open + 4 * MINUTE, 930);
    STANDS(system, "mwcb", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "mwcb", HL_REASON_RUNG);
    SAME(info_of(system, "mwcb").step, 1);
    SAME(info_of(system, "mwcb").until_ns, START + 19 * MINUTE);
    at(system, open + 19 * MINUTE - 1);
    STANDS(system, "mwcb", HL_STATUS_TRIPPED, HL_HALT);
    /* The way to the next rung is not far: it trades, and warns. */
    at(system, open + 19 * MINUTE);
    SAME(info_of(system, "mwcb").denies & ALL, 0);
    TRADES(open + 20 * MINUTE, 800);
    STANDS(system, "mwcb", HL_STATUS_TRIPPED, HL_HALT);
    SAME(info_of(system, "mwcb").until_ns, START + 86400 * SECOND);
    OK(hl_feed_reference(feed, PRICE(800), 20200309, at(system, open + 390 * MINUTE + SECOND)));
    TRADES(next + SECOND, 805);
    STANDS(system, "mwcb", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 2), HEARD(HL_EVENT_RESET, 2);
}

/* The other form: a venue says that it has halted. */
static void venue_status(void) {
    hl_system system = begin("[[breaker]]\nname = \"venue\"\nkind = \"market_circuit_breaker\"\nscope = \"XNAS\"\n"
        "source = \"venue\"\n", START);
    hl_feed *feed = feed_on(system, "XNAS");
    const uint32_t said[] = {HL_VENUE_HALTED, HL_VENUE_CLOSED, HL_VENUE_UNKNOWN};
    const uint32_t reasons[] = {HL_REASON_VENUE_HALTED, HL_REASON_VENUE_CLOSED, HL_REASON_VENUE_UNKNOWN};
    for (size_t i = 0; i < COUNT(said); i++) {
        OK(hl_feed_venue(feed, HL_VENUE_OPEN, START));
        STANDS(system, "venue", HL_STATUS_ACTIVE, 0);
        OK(hl_feed_venue(feed, said[i], START));
        STANDS(system, "venue", HL_STATUS_TRIPPED, HL_HALT);
        BECAUSE(system, "venue", reasons[i]);
    }
    OK(hl_feed_venue(feed, HL_VENUE_OPEN, START));
    STANDS(system, "venue", HL_STATUS_ACTIVE, 0);
    GIVES(HL_ERR_ARGUMENT, hl_feed_venue(feed, 4, START));
    hl_feed_close(&feed);
    end(system);
}

static void quotes(hl_system system, hl_feed *feed, uint64_t first, const double *asks, size_t n) {
    for (size_t i = 0; i < n; i++) {
        OK(hl_feed_quote(feed, PRICE(100), PRICE(asks[i]), at(system, first + i * SECOND)));
    }
}
#define QUOTES(first, ...)                                                                                             \
    quotes(system, feed, (first) * SECOND, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void anomaly_detection(void) {
    hl_system system = begin("[[breaker]]\nname = \"spread\"\nkind = \"anomaly_detection\"\nscope = \"XNAS/AAPL\"\nsource = \"spread\"\n"
        "window = 10\nmin_values = 6\nlimit = 4\nconfirm = 3\nhalt_for = \"1m\"\nstale_after = \"5m\"\n", START);
    hl_feed *feed = feed_on(system, "XNAS/AAPL");
    QUOTES(0, 100.01, 100.02, 100.03, 100.02, 100.01);
    STANDS(system, "spread", HL_STATUS_ACTIVE, HL_NO_NEW);
    QUOTES(5, 100.02, 100.03, 100.01, 100.02);
    STANDS(system, "spread", HL_STATUS_ACTIVE, 0);
    QUOTES(10, 100.40);
    STANDS(system, "spread", HL_STATUS_WARNING, 0);
    QUOTES(11, 100.02);
    STANDS(system, "spread", HL_STATUS_ACTIVE, 0);
    QUOTES(12, 100.40, 100.45, 100.50);
    STANDS(system, "spread", HL_STATUS_TRIPPED, HL_NO_NEW);
    BECAUSE(system, "spread", HL_REASON_LIMIT);
    QUOTES(30, 100.02, 100.01, 100.03);
    STANDS(system, "spread", HL_STATUS_TRIPPED, HL_NO_NEW);
    at(system, 74 * SECOND);
    STANDS(system, "spread", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 2), HEARD(HL_EVENT_CALM, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1);
}

static void messages(hl_system system, hl_feed *feed, uint64_t first, uint64_t from, uint64_t to) {
    for (uint64_t number = from; number <= to; number++) {
        uint64_t now = at(system, (first + number - from) * SECOND);
        OK(hl_feed_sequence(feed, number, now - 2000000, now));
    }
}

static void data_feed_integrity(void) {
    hl_system system = begin("[[breaker]]\nname = \"feed\"\nkind = \"data_feed_integrity\"\nscope = \"XNAS\"\nlimit = 90\nwarn = 95\n"
        "clear = 98\nwindow = 20\nmax_latency = \"500ms\"\n", START);
    hl_feed *feed = feed_on(system, "XNAS");
    messages(system, feed, 1, 1, 3);
    STANDS(system, "feed", HL_STATUS_ACTIVE, 0);
    messages(system, feed, 4, 6, 6);
    STANDS(system, "feed", HL_STATUS_WARNING, 0);
    messages(system, feed, 5, 8, 8);
    STANDS(system, "feed", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "feed", HL_REASON_LIMIT);
    messages(system, feed, 6, 9, 28);
    STANDS(system, "feed", HL_STATUS_ACTIVE, 0);
    uint64_t now = at(system, 26 * SECOND);
    OK(hl_feed_sequence(feed, 29, now - 501000000, now));
    BECAUSE(system, "feed", HL_REASON_LATENCY);
    messages(system, feed, 27, 30, 30);
    OK(hl_feed_quote(feed, PRICE(100.02), PRICE(100.01), at(system, 28 * SECOND)));
    BECAUSE(system, "feed", HL_REASON_CROSSED);
    OK(hl_feed_quote(feed, PRICE(100), PRICE(100.01), at(system, 29 * SECOND)));
    SAME(info_of(system, "feed").denies & ALL, 0);
    at(system, 59 * SECOND);
    BECAUSE(system, "feed", HL_REASON_STALE);
    messages(system, feed, 60, 31, 31);
    SAME(info_of(system, "feed").denies & ALL, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 4), HEARD(HL_EVENT_RESET, 4);
}

int main(void) {
    volatility();
    correlation();
    market_circuit_breaker();
    venue_status();
    anomaly_detection();
    data_feed_integrity();
}
