// The C++ wrapper, as a program would use it. Says what does not hold, and exits with 1.
#include <haltline.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

using namespace haltline;

namespace {

constexpr Nanos second = 1'000'000'000, start = 1'700'000'000 * second;
constexpr const char* config = R"(
scopes = ["XNAS/AAPL"]
[[breaker]]
name = "desk"
kind = "manual"
scope = "XNAS"
[[breaker]]
name = "drawdown"
kind = "drawdown"
scope = "acct/ACME"
limit = 0.08
[[breaker]]
name = "gateway"
kind = "technical"
scope = "gateway"
consecutive = 2
halt_for = "1s"
cooldown_for = "10s"
cooldown_effect = { probe = 1 }
)";

void require(bool holds, const char* what) {
    if (holds) return;
    std::printf("does not hold: %s\n", what);
    std::exit(1);
}
#define REQUIRE(...) require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)

System open() {
    auto system = System::open(Options::text(config).manual(start));
    require(static_cast<bool>(system), system.error().text.c_str());
    return std::move(*system);
}

void an_empty_one_denies_or_says_so() {
    Gate gate;
    REQUIRE(!gate.permits(Intent::Increase) && !gate.permits(Intent::Reduce) && !gate.permits(Intent::Cancel));
    REQUIRE(!gate.admits_price(price_scale, Side::Buy) && !gate.reduces(1, 0, -1) && !gate.explain().text().empty());
    REQUIRE(!Verdict().permits(Intent::Cancel) && !Verdict().is_clear());
    // A reject of what is no gate blames nobody: tag 103 is 99, other.
    REQUIRE(gate.explain().ord_rej_reason() == 99 && gate.explain_with(gate, Verdict()).ord_rej_reason() == 99);
    REQUIRE(gate.try_probe().error().code == Code::Null);
    REQUIRE(Feed().trade(1, 1, start) == Code::Null && Tally().pnl(1, start) == Code::Null);
    REQUIRE(System().advance(start) == Code::Stale && System().kill() == Code::Stale);
    REQUIRE(Inbox().poll().empty() && Subscription().unsubscribe(0) == Code::Stale && Permit().passed() == Code::Stale);

    System system = open();
    auto made = system.gate({"XNAS/AAPL"});
    REQUIRE(made && made->permits(Intent::Increase));
    Gate moved = std::move(*made);
    REQUIRE(moved.permits(Intent::Increase) && !made->permits(Intent::Cancel));
    moved = Gate();
    REQUIRE(!moved.permits(Intent::Increase));
}

void a_failure_says_why() {
    auto bad = System::open(Options::text("[[breaker]]\nname = \"x\"\nkind = \"drawdwn\"\nscope = \"\"\n"));
    REQUIRE(!bad && bad.error().code == Code::Config && bad.error().text.find("drawdwn") != std::string::npos);
    // What had no room is counted.
    std::string lines;
    for (int i = 0; i < 200; ++i) lines += "unknown_key_" + std::to_string(i) + " = 1\n";
    auto many = System::open(Options::text(lines));
    const auto& said = many.error().text;
    REQUIRE(!many && said.size() < HL_ERROR_BYTES && said.find("unknown_key_0") != std::string::npos);
    const auto more = said.find("\n... and ");
    REQUIRE(more != std::string::npos && said.rfind(" more") == said.size() - 5);
    // One line each, and one of the breaker that is not there.
    const auto told = std::count(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(more), '\n') + 1;
    REQUIRE(told + std::stoi(said.substr(more + 9)) == 201);

    auto nowhere = System::open(Options::file(""));
    REQUIRE(!nowhere && nowhere.error().code == Code::Config && nowhere.error().text.find("empty path") != std::string::npos);
    REQUIRE(System().drain().error().code == Code::Stale);
    auto threaded = System::open(Options::text(config));
    REQUIRE(threaded && threaded->drain().error().code == Code::NotAllowed);

    System system = open();
    auto unknown = system.gate({"XNYS"});
    REQUIRE(!unknown && unknown.error().code == Code::Unknown && !unknown.error().text.empty());
    REQUIRE(!std::move(unknown).value_or(Gate()).permits(Intent::Cancel));
    auto refused = system.reset(*system.breaker("desk"), 1, {"ann", Authority::Auto, "not mine to say"});
    REQUIRE(!refused && refused.error().code != Code::Ok && !refused.error().text.empty());
    auto first = system.feed("acct/ACME");
    REQUIRE(first && system.feed("acct/ACME").error().code == Code::Claimed);
    *first = Feed();
    REQUIRE(system.feed("acct/ACME"));
}

void a_trip_denies_and_is_told() {
    System system = open();
    const Gate gate = std::move(*system.gate({"XNAS/AAPL"}));
    const Gate account = std::move(*system.gate({"acct/ACME"}));
    Feed marks = std::move(*system.feed("acct/ACME"));
    REQUIRE(!gate.check_with(account).permits(Intent::Increase));  // no mark yet
    REQUIRE(marks.equity(1'000'000 * money_scale, start) == Code::Ok);
    REQUIRE(gate.check_with(account).is_clear());

    auto inbox = system.receive({"asks", Filter().urgent()});
    auto heard = std::make_shared<int>(0);
    {
        auto subscription = system.subscribe({"hears", Filter().type(EventType::Tripped)}, [heard](Span<const Event> events) {
            for (const Event& event : events) *heard += type(event) == EventType::Tripped ? 1 : 0;
        });
        REQUIRE(subscription && heard.use_count() == 2);
        const Breaker desk = *system.breaker("desk");
        REQUIRE(system.trip(desk, {"ann", Authority::Trader, "wild router"}));
        REQUIRE(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
        const Denial denial = gate.explain();
        REQUIRE(denial.name() == "desk" && denial.reason() == Reason::Manual && denial.until() == never);
        REQUIRE(denial.text().find("wild router") != std::string_view::npos);
        const Verdict seen = account.check_with(gate).only(Intent::Increase);
        REQUIRE(account.explain(seen).reason() == Reason::Cleared && account.explain_with(gate, seen).name() == "desk");
        REQUIRE(*system.drain() > 0 && *heard == 1);
        const auto info = system.info(desk);
        REQUIRE(info && system.reset(desk, info->stamp, {"bob", Authority::Admin, "router is off"}));
        REQUIRE(gate.permits(Intent::Increase));
        Subscription moved = std::move(*subscription);
        REQUIRE(system.drain());
    }
    REQUIRE(heard.use_count() == 1);  // the callable is destroyed with its subscription
    int trips = 0;
    for (const Event& event : inbox->poll()) {
        if (type(event) != EventType::Tripped) continue;
        ++trips;
        const auto details = system.details(event);
        REQUIRE(details && std::string_view(details->breaker) == "desk" && std::string_view(details->actor) == "ann");
    }
    REQUIRE(trips == 1 && inbox->poll().empty());
    REQUIRE(system.history(Filter().type(EventType::Tripped))->size() == 1);
    REQUIRE(system.statistics()->counts.trips == 1 && system.breakers()->size() > 3 && system.status()->can_trade == 1);
    REQUIRE(name(Reason::Manual) == "manual" && name(Status::Tripped) == "tripped" && name(Kind::Drawdown) == "drawdown");
}

void with_threads_a_callable_hears_by_itself() {
    auto system = System::open(Options::text(config));
    REQUIRE(system);
    std::promise<std::uint64_t> told;
    auto future = told.get_future();
    // Kept by value: it is destroyed with the subscription.
    auto hears = [told = std::move(told)](Span<const Event> events) mutable {
        for (const Event& event : events) told.set_value(event.after);
    };
    auto inbox = system->receive({"asks", Filter().type(EventType::Reset)});
    const auto subscription = system->subscribe({"hears", Filter().type(EventType::Tripped).kind(Kind::Manual)}, std::move(hears));
    const Breaker desk = *system->breaker("desk");
    REQUIRE(inbox && subscription && system->trip(desk, {"ann", Authority::Trader, "wild router"}));
    // What the event says of the trip is what a reset must name.
    REQUIRE(system->reset(desk, future.get(), {"bob", Authority::Admin, "router is off"}));
    bool reset = false;
    while (!reset) {
        const auto events = inbox->wait(5 * second);
        REQUIRE(inbox->code() == Code::Ok && !events.empty());
        for (const Event& event : events) reset = reset || (type(event) == EventType::Reset && reason(event) == Reason::Reset);
    }
}

void a_policy_is_changed_and_everything_can_be_polled() {
    System system = open();
    const Breaker desk = *system.breaker("desk");
    auto policy = system.policy(desk);
    REQUIRE(policy && policy->effect != HL_DENY_INCREASE);
    policy->fields = HL_POLICY_EFFECT;
    policy->effect = HL_DENY_INCREASE;
    REQUIRE(system.update_policy(desk, *policy, {"ann", Authority::RiskDesk, "orders that close positions may go"}));
    REQUIRE(system.trip(desk, {"ann", Authority::Trader, "wild router"}));
    const Gate gate = std::move(*system.gate({"XNAS"}));
    REQUIRE(gate.permits(Intent::Reduce) && !gate.permits(Intent::Increase));
    REQUIRE(system.evaluate({}, {})->tripped >= 1 && system.subscribers()->empty());
    REQUIRE(check_config(config) && !check_config("nonsense") && system.warnings()->find("drawdown") != std::string::npos);
}

void warnings_are_whole_however_many_they_are() {
    std::string many;
    for (int i = 0; i < 99; ++i) {
        const std::string n = std::to_string(i);
        many += "[[breaker]]\nname = \"b" + n + "\"\nkind = \"drawdown\"\nscope = \"acct/" + n + "\"\nlimit = 0.08\n";
    }
    auto system = System::open(Options::text(many).manual(start));
    REQUIRE(system);
    const auto warnings = system->warnings();
    REQUIRE(warnings && warnings->size() > HL_ERROR_BYTES && warnings->find("\"b98\"") != std::string::npos);
    REQUIRE(warnings->back() == '\n');
}

void a_permit_is_given_back() {
    System system = open();
    Tally tally = std::move(*system.tally("gateway"));
    for (int i = 0; i < 2; ++i) {
        auto permit = tally.admit();
        REQUIRE(permit && tally.outcome(std::move(*permit), Outcome::Failure, 0, start) == Code::Ok);
    }
    REQUIRE(tally.admit().error().code == Code::Denied);
    REQUIRE(system.advance(start + 2 * second) == Code::Ok);
    { const auto probe = tally.admit(); REQUIRE(probe && tally.admit().error().code == Code::Denied); }
    {
        auto probe = tally.admit();
        REQUIRE(probe && probe->release() == Code::Ok && probe->release() == Code::Stale && probe->passed() == Code::Stale);
        auto kept = tally.admit();
        REQUIRE(kept && tally.admit().error().code == Code::Denied);
        hl_permit raw = kept->detach();
        REQUIRE(raw.bits != 0 && kept->release() == Code::Stale && tally.admit().error().code == Code::Denied);
        REQUIRE(hl_permit_release(&raw) == HL_OK);
    }
    auto again = tally.admit();
    REQUIRE(again && tally.outcome(std::move(*again), Outcome::Success, 0, start + 2 * second) == Code::Ok);
    REQUIRE(system.gate({"gateway"})->permits(Intent::Increase));
}

void a_kill_and_a_close_let_cancels_pass() {
    System system = open();
    const Gate gate = std::move(*system.gate({"XNAS"}));
    REQUIRE(system.kill() == Code::Ok && !gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    REQUIRE(gate.check().is_disarmed() && gate.explain().reason() == Reason::Killed);
    REQUIRE(!system.rearm(system.status()->kill_word, {"ann", Authority::Trader, "please"}));
    REQUIRE(system.rearm(system.status()->kill_word, {"ann", Authority::Admin, "all clear"}) && gate.permits(Intent::Increase));
    REQUIRE(system.close(second) == Code::Ok && system.close(second) == Code::Stale);
    REQUIRE(!gate.permits(Intent::Increase) && gate.permits(Intent::Cancel));
}

}  // namespace

int main() {
    an_empty_one_denies_or_says_so();
    a_failure_says_why();
    a_trip_denies_and_is_told();
    with_threads_a_callable_hears_by_itself();
    a_policy_is_changed_and_everything_can_be_polled();
    warnings_are_whole_however_many_they_are();
    a_permit_is_given_back();
    a_kill_and_a_close_let_cancels_pass();
    std::puts("holds");
    return 0;
}
