/* A forked child has no System: its copies of gates deny, its calls are refused, and its parent goes on. */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void in_a_child(void (*act)(void)) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* A lock that a thread held when it was forked is held for ever. */
        alarm(60);
        act();
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static hl_system system_;
static hl_gate *gate;
static hl_feed *feed;
static hl_tally *tally;
static hl_subscription subscription;

static void inherits_nothing(void) {
    hl_options options = manual(DESK);
    hl_system_status status;
    hl_permit permit;
    hl_system opened;
    hl_event event;
    hl_gate *another;
    size_t n;
    SAME(permitted(gate) & (MAY_INCREASE | MAY_REDUCE), 0);
    CHECK(hl_verdict_is_disarmed(hl_gate_check(gate)));
    CHECK(hl_verdict_is_disarmed(hl_gate_check2(gate, gate)));
    SAME(hl_gate_check(gate).bits, hl_gate_check_call(gate).bits);
    SAME(why(gate), HL_REASON_CORRUPT);
    /* Also for what its parent has seen: nothing is asked that another thread of the parent may hold. */
    hl_verdict seen = {HL_DENY_INCREASE};
    hl_denial denial;
    OK(hl_gate_explain(gate, seen, &denial));
    SAME(denial.reason, HL_REASON_CORRUPT);
    GIVES(HL_ERR_FORKED, hl_status_get(system_, &status));
    GIVES(HL_ERR_FORKED, hl_advance(system_, START + SECOND));
    GIVES(HL_ERR_FORKED, hl_gate_open(system_, NULL, 0, &another));
    GIVES(HL_ERR_FORKED, hl_poll_events(subscription, &event, 1, &n));
    GIVES(HL_ERR_FORKED, hl_unsubscribe(subscription, 0));
    GIVES(HL_ERR_FORKED, hl_system_close(system_, 0));
    GIVES(HL_ERR_FORKED, hl_system_open(&options, &opened));
    GIVES(HL_ERR_DENIED, hl_gate_try_probe(gate, &permit));
    GIVES(HL_ERR_DENIED, hl_tally_admit(tally, &permit));
    /* What it tells is heard by nobody. */
    hl_feed_equity(feed, MONEY(1), START);
    hl_gate_close(&gate);
    CHECK(gate == NULL);
}

static void kills(void) {
    OK(hl_kill_all());
    hl_kill(system_);
}

static void opens_its_own(void) {
    hl_system own = open_threaded(DESK);
    hl_gate *its = gate_on(own, "XNAS");
    SAME(permitted(its), ALL);
    OK(hl_trip(own, breaker_of(own, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    SAME(permitted(its), MAY_CANCEL);
    hl_gate_close(&its);
    OK(hl_system_close(own, UINT64_MAX));
}

static void a_child_inherits_nothing(int threaded) {
    hl_subscribe_options options = subscriber(NULL, NULL);
    const char *acct = "acct";
    system_ = threaded ? open_threaded(DESK) : open_manual(DESK);
    gate = gate_on(system_, "XNAS"), feed = feed_on(system_, "XNAS");
    OK(hl_declare(system_, &acct, 1));
    OK(hl_tally_open(system_, "acct", &tally));
    OK(hl_subscribe(system_, &options, &subscription));
    in_a_child(inherits_nothing);
    in_a_child(kills);
    /* The parent has heard nothing of it. */
    SAME(permitted(gate), ALL);
    uint64_t now;
    OK(hl_now(system_, &now));
    OK(hl_feed_trade(feed, PRICE(1), 1, 0, now));
    OK(hl_trip(system_, breaker_of(system_, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    SAME(permitted(gate), MAY_CANCEL);
    in_a_child(inherits_nothing);
    hl_tally_close(&tally), hl_feed_close(&feed), hl_gate_close(&gate);
    OK(hl_unsubscribe(subscription, 0));
    OK(hl_system_close(system_, UINT64_MAX));
}

int main(void) {
    /* Who forks first opens afterwards. */
    in_a_child(opens_its_own);
    a_child_inherits_nothing(0);
    a_child_inherits_nothing(1);
}
