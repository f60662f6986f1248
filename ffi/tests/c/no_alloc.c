/* The order path and the observations allocate nothing. The program's own malloc counts: the library, which is linked statically, and
 * the C library both call it. */
#include <errno.h>

#include "check.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static unsigned long allocations, frees;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    allocations++;
    return __libc_realloc(old, size);
}

void *memalign(size_t align, size_t size) {
    allocations++;
    return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size) {
    return memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size) {
    void *made = memalign(align, size);
    if (made == NULL) return ENOMEM;
    *out = made;
    return 0;
}

void free(void *old) {
    frees += old != NULL;
    __libc_free(old);
}

/* What a block allocates and frees. */
#define COUNTED(block)                                                                                                 \
    do {                                                                                                               \
        allocations = frees = 0;                                                                                       \
        block;                                                                                                         \
    } while (0)
#define NOTHING(block)                                                                                                 \
    do {                                                                                                               \
        COUNTED(block);                                                                                                \
        SAME(allocations, 0);                                                                                          \
        SAME(frees, 0);                                                                                                \
    } while (0)

static const char config[] = DESK DRAWDOWN
    "[[breaker]]\nname = \"vol\"\nkind = \"volatility\"\nscope = \"XNAS\"\nwatch = \"XNAS/AAPL\"\nsample = \"1ms\"\nwindow = \"5ms\"\n"
    "limit = 0.05\nhalt_for = \"0s\"\n"
    "[[breaker]]\nname = \"spread\"\nkind = \"anomaly_detection\"\nscope = \"XNAS/AAPL\"\nsource = \"spread\"\nwindow = 10\nlimit = 4\n"
    "[[breaker]]\nname = \"feed\"\nkind = \"data_feed_integrity\"\nscope = \"XNAS/AAPL\"\nwindow = 20\n"
    "[[breaker]]\nname = \"gateway\"\nkind = \"technical\"\nscope = \"XNAS/AAPL\"\nwindow = 10\nmin_calls = 5\nhalt_for = \"1s\"\n"
    "[[breaker]]\nname = \"model\"\nkind = \"model_performance\"\nscope = \"XNAS/AAPL\"\nwindow = 10\nmin_outcomes = 5\nhalt_for = \"1s\"\n"
    "[[breaker]]\nname = \"book\"\nkind = \"position_limit\"\nscope = \"acct/alpha\"\n"
    "[[breaker]]\nname = \"call\"\nkind = \"liquidation_required\"\nscope = \"acct/alpha\"\nmargin_limit = 0.80\n"
    "[[breaker]]\nname = \"venue\"\nkind = \"market_circuit_breaker\"\nscope = \"XNAS/AAPL\"\nsource = \"venue\"\n"
    "[[breaker]]\nname = \"level\"\nkind = \"volatility\"\nscope = \"XNAS/AAPL\"\nsource = \"level\"\nhalt_for = \"0s\"\n"
    "[[breaker]]\nname = \"shared\"\nkind = \"loss_rate\"\nscope = \"desk\"\nsource = \"pnl\"\ncapital = 100000\nlimit = 0.03\n";

static hl_system system_;
static hl_gate *gate, *account;
static hl_feed *feed, *book;
static hl_tally *tally;
static hl_breaker level;

static void what_allocates_is_counted(void) {
    hl_gate *one;
    COUNTED(one = gate_on(system_, "XNAS"));
    CHECK(allocations > 0);
    COUNTED(hl_gate_close(&one));
    CHECK(frees > 0);
    hl_system_status status;
    COUNTED(OK(hl_status_get(system_, &status)));
    CHECK(allocations > 0);
}

static unsigned long sum;

static void asks(void) {
    for (uint32_t intent = 0; intent < 4; intent++) {
        sum += hl_gate_permits(gate, intent);
    }
    sum += hl_gate_check(gate).bits + hl_gate_check2(gate, account).bits + hl_gate_check_call(gate).bits;
    sum += hl_gate_admits_price(gate, PRICE(100), HL_BUY) + hl_gate_admits_price(gate, PRICE(100), HL_SELL);
    bool reduces;
    OK(hl_gate_reduces(gate, 10, 0, -10, &reduces));
}

/* All that a market and an account may say, good and bad, so that breakers warn, trip and come back. */
static void tells(unsigned long i, uint64_t now) {
    hl_position position = {sizeof position, 1, i % 50, 100, MONEY(i % 7 ? 1000 : 900000)};
    hl_permit nothing = {0};
    OK(hl_feed_trade(feed, PRICE(i / 64 % 2 ? 100 + i % 3 * 20 : 100), 1, 0, now));
    OK(hl_feed_trade(feed, 0, 1, HL_TRADE_INELIGIBLE, now));
    OK(hl_feed_quote(feed, PRICE(100), PRICE(100.01 + (double)(i % 5) * (i / 64 % 2 ? 1 : 0.001)), now));
    OK(hl_feed_quote(feed, HL_NO_PRICE, PRICE(100), now));
    OK(hl_feed_reference(feed, PRICE(100), 20200306, now));
    OK(hl_feed_outcome(feed, i / 16 % 2 ? HL_OUTCOME_FAILURE : HL_OUTCOME_SUCCESS, 1000, now));
    OK(hl_feed_heartbeat(feed, now));
    OK(hl_feed_venue(feed, i / 16 % 2 ? HL_VENUE_HALTED : HL_VENUE_OPEN, now));
    OK(hl_feed_sequence(feed, i + i / 16, now, now));
    OK(hl_feed_prediction(feed, i / 16 % 2, now));
    OK(hl_feed_reading(feed, level, i / 16 % 2 ? 50 : 10, now));
    OK(hl_feed_equity(book, MONEY(1000000) - MONEY(i % 200 * 1000), now));
    OK(hl_feed_pnl(book, -MONEY(1), now));
    OK(hl_feed_flow(book, MONEY(1), now));
    OK(hl_feed_position(book, &position, now));
    OK(hl_feed_margin(book, MONEY(i % 100), MONEY(100 - i % 100), now));
    OK(hl_tally_outcome(tally, nothing, HL_OUTCOME_SUCCESS, 0, now));
    OK(hl_tally_pnl(tally, i / 64 % 2 ? MONEY(100) : -MONEY(100), now));
    OK(hl_tally_flow(tally, 1, now));
    OK(hl_tally_prediction(tally, true, now));
    /* What is refused, and why. */
    char text[256];
    GIVES(HL_ERR_BAD_INPUT, hl_feed_trade(feed, 0, 1, 0, now));
    GIVES(HL_ERR_BAD_INPUT, hl_feed_trade(feed, PRICE(1), 1, 0, now - 1));
    GIVES(HL_ERR_ARGUMENT, hl_feed_venue(feed, 9, now));
    GIVES(HL_ERR_NULL, hl_feed_heartbeat(NULL, now));
    GIVES(HL_ERR_STALE, hl_feed_reading(feed, (hl_breaker){7}, 1, now));
    CHECK(hl_last_error(text, sizeof text) > 0);
}

static void the_order_path_allocates_nothing(void) {
    NOTHING(asks());
    SAME(hl_gate_check(account).bits & ALL, HL_DENY_INCREASE);
    OK(hl_trip(system_, breaker_of(system_, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    NOTHING(asks());
    NOTHING(OK(hl_kill(system_)));
    NOTHING(asks());
    NOTHING(OK(hl_kill_all()));
    uint64_t word;
    NOTHING(OK(hl_kill_word(system_, &word)));
    OK(hl_rearm(system_, word, "", "root", HL_AUTHORITY_ADMIN));
    hl_breaker_info info = info_of(system_, "desk");
    OK(hl_reset(system_, info.breaker, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
}

static void observations_allocate_nothing(void) {
    for (unsigned long i = 0; i < 1000; i++) {
        uint64_t now = START + SECOND + i * 1000000;
        OK(hl_advance(system_, now));
        NOTHING(tells(i, now));
        NOTHING(asks());
        if (i % 100 == 0) OK(hl_drain(system_, NULL));
    }
    hl_system_statistics all;
    OK(hl_drain(system_, NULL));
    OK(hl_statistics(system_, &all));
    /* They have moved, so this has said something. */
    CHECK(all.counts.trips > 100 && all.counts.resets > 50 && all.counts.warnings > 0 && all.counts.bad_inputs > 1000);
}

static void permits_of_nothing_allocate_nothing(void) {
    hl_system quiet = open_manual(DESK);
    hl_gate *open = gate_on(quiet, "XNYS");
    hl_permit permit;
    hl_tally *admits;
    OK(hl_tally_open(quiet, "XNYS", &admits));
    NOTHING(OK(hl_gate_try_probe(open, &permit)));
    NOTHING(OK(hl_permit_passed(&permit)));
    NOTHING(OK(hl_tally_admit(admits, &permit)));
    NOTHING(OK(hl_tally_outcome(admits, permit, HL_OUTCOME_SUCCESS, 0, START)));
    hl_tally_close(&admits);
    hl_gate_close(&open);
    OK(hl_system_close(quiet, 0));
}

int main(void) {
    const char *desk = "desk";
    system_ = open_manual(config);
    OK(hl_declare(system_, &desk, 1));
    gate = gate_on(system_, "XNAS/AAPL"), account = gate_on(system_, "acct/alpha");
    feed = feed_on(system_, "XNAS/AAPL"), book = feed_on(system_, "acct/alpha");
    OK(hl_tally_open(system_, "desk", &tally));
    level = breaker_of(system_, "level");
    what_allocates_is_counted();
    the_order_path_allocates_nothing();
    observations_allocate_nothing();
    permits_of_nothing_allocate_nothing();
    hl_tally_close(&tally), hl_feed_close(&feed), hl_feed_close(&book);
    hl_gate_close(&gate), hl_gate_close(&account);
    OK(hl_system_close(system_, 0));
}
