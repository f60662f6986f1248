/* Kinds that hear an account or a model: each warns, trips and comes back. */
#include "kinds.h"

static void reset_by(hl_system system, const char *name, uint32_t authority, hl_status expected) {
    hl_breaker_info info = info_of(system, name);
    GIVES(expected, hl_reset(system, info.breaker, info.stamp, "new mandate", "ann", authority));
}

static void drawdown(void) {
    hl_system system = begin(DRAWDOWN, START);
    hl_feed *feed = feed_on(system, "acct/alpha");
    STANDS(system, "drawdown", HL_STATUS_ACTIVE, HL_NO_NEW);
    OK(hl_feed_equity(feed, MONEY(1050000), at(system, MINUTE)));
    STANDS(system, "drawdown", HL_STATUS_ACTIVE, 0);
    /* One unit above 8 % under the peak, and then there. */
    OK(hl_feed_equity(feed, MONEY(966000) + 1, at(system, 2 * MINUTE)));
    STANDS(system, "drawdown", HL_STATUS_WARNING, 0);
    OK(hl_feed_equity(feed, MONEY(966000), at(system, 3 * MINUTE)));
    STANDS(system, "drawdown", HL_STATUS_TRIPPED, HL_NO_NEW);
    BECAUSE(system, "drawdown", HL_REASON_LIMIT);
    reset_by(system, "drawdown", HL_AUTHORITY_TRADER, HL_ERR_AUTHORITY);
    reset_by(system, "drawdown", HL_AUTHORITY_RISK_DESK, HL_ERR_CAUSE_STANDS);
    hl_breaker breaker = breaker_of(system, "drawdown");
    GIVES(HL_ERR_BAD_INPUT, hl_rebase(system, breaker, 0, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_rebase(system, breaker, MONEY(966000), "new mandate", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_feed_equity(feed, MONEY(965000), at(system, 4 * MINUTE)));
    STANDS(system, "drawdown", HL_STATUS_TRIPPED, HL_NO_NEW);
    reset_by(system, "drawdown", HL_AUTHORITY_RISK_DESK, HL_OK);
    STANDS(system, "drawdown", HL_STATUS_ACTIVE, 0);
    /* A withdrawal is no loss. */
    OK(hl_feed_flow(feed, -MONEY(100000), at(system, 5 * MINUTE)));
    OK(hl_feed_equity(feed, MONEY(865000), at(system, 6 * MINUTE)));
    STANDS(system, "drawdown", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1), HEARD(HL_EVENT_REFUSED, 2);
}

static void loss_rate(void) {
    hl_system system = begin("[[breaker]]\nname = \"loss\"\nkind = \"loss_rate\"\nscope = \"acct/alpha\"\nlimit = 0.03\nwindow = \"5m\"\n"
        "streak = false\nacceleration = false\n", START);
    hl_feed *feed = feed_on(system, "acct/alpha");
    for (uint64_t i = 0; i < 30; i++) {
        OK(hl_feed_equity(feed, MONEY(1000000), at(system, i * 10 * SECOND)));
    }
    STANDS(system, "loss", HL_STATUS_ACTIVE, HL_NO_NEW);
    OK(hl_feed_equity(feed, MONEY(1000000), at(system, 5 * MINUTE)));
    STANDS(system, "loss", HL_STATUS_ACTIVE, 0);
    OK(hl_feed_equity(feed, MONEY(977500), at(system, 5 * MINUTE + 20 * SECOND)));
    STANDS(system, "loss", HL_STATUS_WARNING, 0);
    OK(hl_feed_equity(feed, MONEY(970000), at(system, 5 * MINUTE + 30 * SECOND)));
    STANDS(system, "loss", HL_STATUS_TRIPPED, HL_NO_NEW);
    BECAUSE(system, "loss", HL_REASON_LIMIT);
    reset_by(system, "loss", HL_AUTHORITY_RISK_DESK, HL_ERR_CAUSE_STANDS);
    for (uint64_t i = 0; i < 31; i++) {
        OK(hl_feed_equity(feed, MONEY(970000), at(system, 5 * MINUTE + (40 + i * 10) * SECOND)));
    }
    STANDS(system, "loss", HL_STATUS_TRIPPED, HL_NO_NEW);
    reset_by(system, "loss", HL_AUTHORITY_RISK_DESK, HL_OK);
    STANDS(system, "loss", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1);
}

static void hold(hl_feed *feed, uint64_t instrument, int64_t quantity, int64_t value, uint64_t now) {
    hl_position position = {sizeof position, 0, instrument, quantity, value};
    OK(hl_feed_position(feed, &position, now));
}

static void position_limit(void) {
    hl_system system = begin("[[breaker]]\nname = \"book\"\nkind = \"position_limit\"\nscope = \"acct/alpha\"\nmax_positions = 3\n"
        "max_position_share = 0.10\nstale_after = \"1h\"\n", START);
    hl_feed *feed = feed_on(system, "acct/alpha");
    hold(feed, 1, 500, MONEY(50000), START);
    STANDS(system, "book", HL_STATUS_ACTIVE, HL_NO_NEW);
    OK(hl_feed_equity(feed, MONEY(1000000), START));
    STANDS(system, "book", HL_STATUS_ACTIVE, 0);
    hold(feed, 1, 1000, MONEY(100000), at(system, MINUTE));
    STANDS(system, "book", HL_STATUS_WARNING, 0);
    hold(feed, 1, 1000, MONEY(100000) + 1, at(system, 2 * MINUTE));
    STANDS(system, "book", HL_STATUS_TRIPPED, HL_NO_NEW);
    BECAUSE(system, "book", HL_REASON_POSITION_SHARE);
    hold(feed, 1, 500, MONEY(50000), at(system, 3 * MINUTE));
    STANDS(system, "book", HL_STATUS_ACTIVE, 0);
    hold(feed, 2, 100, MONEY(10000), at(system, 4 * MINUTE));
    hold(feed, 3, -100, -MONEY(10000), at(system, 4 * MINUTE));
    STANDS(system, "book", HL_STATUS_WARNING, 0);
    hold(feed, 4, 100, MONEY(10000), at(system, 5 * MINUTE));
    BECAUSE(system, "book", HL_REASON_POSITION_COUNT);
    hold(feed, 3, 0, 0, at(system, 6 * MINUTE));
    hold(feed, 4, 0, 0, at(system, 6 * MINUTE));
    STANDS(system, "book", HL_STATUS_ACTIVE, 0);
    hl_position nothing = {sizeof nothing, 0, 9, 0, 1};
    GIVES(HL_ERR_BAD_INPUT, hl_feed_position(feed, &nothing, START + 6 * MINUTE));
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 2), HEARD(HL_EVENT_TRIPPED, 2), HEARD(HL_EVENT_RESET, 2), HEARD(HL_EVENT_BAD_INPUT, 1);
}

static void liquidation_required(void) {
    hl_system system = begin("[[breaker]]\nname = \"call\"\nkind = \"liquidation_required\"\nscope = \"acct/alpha\"\nlimit = 0.15\n"
        "margin_limit = 0.80\nstale_after = \"1h\"\n", START);
    hl_feed *feed = feed_on(system, "acct/alpha");
    hl_breaker breaker = breaker_of(system, "call");
    OK(hl_feed_equity(feed, MONEY(1000000), START));
    STANDS(system, "call", HL_STATUS_ACTIVE, HL_NO_NEW);
    GIVES(HL_ERR_BAD_INPUT, hl_feed_margin(feed, -1, MONEY(700000), START));
    OK(hl_feed_margin(feed, MONEY(300000), MONEY(700000), START));
    STANDS(system, "call", HL_STATUS_ACTIVE, 0);
    OK(hl_feed_equity(feed, MONEY(880000), at(system, MINUTE)));
    STANDS(system, "call", HL_STATUS_WARNING, 0);
    GIVES(HL_ERR_WRONG_STATUS, hl_liquidated(system, breaker, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_feed_equity(feed, MONEY(850000), at(system, 2 * MINUTE)));
    STANDS(system, "call", HL_STATUS_LIQUIDATING, HL_NO_NEW);
    BECAUSE(system, "call", HL_REASON_LIMIT);
    OK(hl_feed_equity(feed, MONEY(900000), at(system, 3 * MINUTE)));
    STANDS(system, "call", HL_STATUS_LIQUIDATING, HL_NO_NEW);
    GIVES(HL_ERR_AUTHORITY, hl_liquidated(system, breaker, "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_liquidated(system, breaker, "flat", "ann", HL_AUTHORITY_RISK_DESK));
    STANDS(system, "call", HL_STATUS_TRIPPED, HL_NO_NEW);
    reset_by(system, "call", HL_AUTHORITY_RISK_DESK, HL_OK);
    STANDS(system, "call", HL_STATUS_ACTIVE, 0);
    OK(hl_feed_margin(feed, MONEY(810000), MONEY(190000), at(system, 4 * MINUTE)));
    BECAUSE(system, "call", HL_REASON_MARGIN);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_LIQUIDATING, 2), HEARD(HL_EVENT_RESET, 1);
}

static void predictions(hl_system system, hl_feed *feed, uint64_t first, const char *right) {
    for (uint64_t i = 0; right[i]; i++) {
        OK(hl_feed_prediction(feed, right[i] == '+', at(system, (first + i) * MINUTE)));
    }
}

static void model_performance(void) {
    hl_system system = begin("[[breaker]]\nname = \"model\"\nkind = \"model_performance\"\nscope = \"model/alpha\"\n"
        "limit = 0.6\nwarn = 0.7\n"
        "clear = 0.8\nwindow = 10\nmin_outcomes = 5\nhalt_for = \"5m\"\n", START);
    hl_feed *feed = feed_on(system, "model/alpha");
    predictions(system, feed, 0, "++-+");
    STANDS(system, "model", HL_STATUS_ACTIVE, HL_NO_NEW);
    predictions(system, feed, 4, "+++-++");
    STANDS(system, "model", HL_STATUS_ACTIVE, 0);
    predictions(system, feed, 10, "---");
    STANDS(system, "model", HL_STATUS_WARNING, 0);
    predictions(system, feed, 13, "-");
    STANDS(system, "model", HL_STATUS_TRIPPED, HL_NO_NEW);
    BECAUSE(system, "model", HL_REASON_LIMIT);
    at(system, 20 * MINUTE);
    STANDS(system, "model", HL_STATUS_TRIPPED, HL_NO_NEW);
    predictions(system, feed, 21, "++++");
    STANDS(system, "model", HL_STATUS_WARNING, 0);
    predictions(system, feed, 25, "++++");
    STANDS(system, "model", HL_STATUS_ACTIVE, 0);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1), HEARD(HL_EVENT_CALM, 1);
}

int main(void) {
    drawdown();
    loss_rate();
    position_limit();
    liquidation_required();
    model_performance();
}
