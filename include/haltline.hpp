// Haltline for C++17 and later: haltline.h with owners, types and results. Header only. MIT OR Apache-2.0
//
//     auto system = haltline::System::open(haltline::Options::file("risk.toml"));
//     if (!system) return fail(system.error().text);
//     auto gate = system->gate({"XNAS/AAPL", "acct/ACME"});
//     ...
//     if (!gate->permits(haltline::Intent::Increase)) return reject(order, gate->explain());
//
// * Nothing throws, and it compiles with -fno-exceptions -fno-rtti. What can fail returns a Result, what an order path or a feed
//   calls a Code; neither can be dropped unseen.
// * Every owner is move-only and closes in its destructor. One that is empty, by default or after a move, is safe to use: a
//   Gate denies everything, cancels too, and all others say Code::Null or Code::Stale.
// * What is inline in C is inline here: Gate::check is four loads and a branch. It adds no allocation to what haltline.h says of its
//   functions, but where a text or a list is returned.
// * Threads: as the function of haltline.h that it calls. An owner itself is moved and destroyed by one thread, while nobody uses it.
#ifndef HALTLINE_HPP
#define HALTLINE_HPP

#if __cplusplus < 201703L
#error "haltline.hpp needs C++17; haltline.h is there for C and older C++"
#endif

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "haltline.h"

namespace haltline {

/// Nanoseconds since 1970.
using Nanos = std::uint64_t;
/// 1e-9 of the currency. An absent side is `no_price`.
using Price = std::int64_t;
/// 1e-4 of the currency.
using Money = std::int64_t;
/// Lots.
using Qty = std::int64_t;

inline constexpr Price price_scale = HL_PRICE_SCALE;
inline constexpr Price no_price = HL_NO_PRICE;
inline constexpr Money money_scale = HL_MONEY_SCALE;
/// The time of what never ends.
inline constexpr Nanos never = UINT64_MAX;

// ---- Words ----------------------------------------------------------------------------------------------------------------

/// What an order does to the exposure of its owner. One that goes through zero is an increase.
enum class Intent : std::uint32_t { Increase = HL_INCREASE, Reduce = HL_REDUCE, Cancel = HL_CANCEL };

/// The side of an order.
enum class Side : std::uint32_t { Buy = HL_BUY, Sell = HL_SELL };

/// Where a breaker is.
enum class Status : std::uint32_t {
    Retired = HL_STATUS_RETIRED,
    Active = HL_STATUS_ACTIVE,
    Warning = HL_STATUS_WARNING,
    Tripped = HL_STATUS_TRIPPED,
    Cooldown = HL_STATUS_COOLDOWN,
    EmergencyHalt = HL_STATUS_EMERGENCY_HALT,
    Liquidating = HL_STATUS_LIQUIDATING,
    Maintenance = HL_STATUS_MAINTENANCE,
};

/// How much somebody may do.
enum class Authority : std::uint32_t {
    Auto = HL_AUTHORITY_AUTO,
    Trader = HL_AUTHORITY_TRADER,
    RiskDesk = HL_AUTHORITY_RISK_DESK,
    Admin = HL_AUTHORITY_ADMIN,
};

/// What a venue says of itself.
enum class VenueStatus : std::uint32_t {
    Unknown = HL_VENUE_UNKNOWN,
    Open = HL_VENUE_OPEN,
    Halted = HL_VENUE_HALTED,
    Closed = HL_VENUE_CLOSED,
};

/// How a call or an order has ended.
enum class Outcome : std::uint32_t {
    Success = HL_OUTCOME_SUCCESS,
    Failure = HL_OUTCOME_FAILURE,
    Ignored = HL_OUTCOME_IGNORED,
};

/// Who pulls a kill switch.
enum class EmergencySource : std::uint32_t {
    Manual = HL_SOURCE_MANUAL,
    Anomaly = HL_SOURCE_ANOMALY,
    External = HL_SOURCE_EXTERNAL,
};

/// What a breaker watches for.
enum class Kind : std::uint32_t {
    Volatility = HL_KIND_VOLATILITY,
    Drawdown = HL_KIND_DRAWDOWN,
    LossRate = HL_KIND_LOSS_RATE,
    PositionLimit = HL_KIND_POSITION_LIMIT,
    Correlation = HL_KIND_CORRELATION,
    Technical = HL_KIND_TECHNICAL,
    Manual = HL_KIND_MANUAL,
    TimeBased = HL_KIND_TIME_BASED,
    KillSwitch = HL_KIND_KILL_SWITCH,
    MarketCircuitBreaker = HL_KIND_MARKET_CIRCUIT_BREAKER,
    AnomalyDetection = HL_KIND_ANOMALY_DETECTION,
    LiquidationRequired = HL_KIND_LIQUIDATION_REQUIRED,
    PremarketValidation = HL_KIND_PREMARKET_VALIDATION,
    DataFeedIntegrity = HL_KIND_DATA_FEED_INTEGRITY,
    ModelPerformance = HL_KIND_MODEL_PERFORMANCE,
};

/// What an event says.
enum class EventType : std::uint32_t {
    Tripped = HL_EVENT_TRIPPED,
    Reset = HL_EVENT_RESET,
    Warning = HL_EVENT_WARNING,
    Calm = HL_EVENT_CALM,
    CooldownStarted = HL_EVENT_COOLDOWN_STARTED,
    Emergency = HL_EVENT_EMERGENCY,
    Liquidating = HL_EVENT_LIQUIDATING,
    Maintenance = HL_EVENT_MAINTENANCE,
    Ready = HL_EVENT_READY,
    Unready = HL_EVENT_UNREADY,
    Probing = HL_EVENT_PROBING,
    Installed = HL_EVENT_INSTALLED,
    Removed = HL_EVENT_REMOVED,
    Updated = HL_EVENT_UPDATED,
    Refused = HL_EVENT_REFUSED,
    BadInput = HL_EVENT_BAD_INPUT,
    Gap = HL_EVENT_GAP,
    Level = HL_EVENT_LEVEL,
    Killed = HL_EVENT_KILLED,
    Rearmed = HL_EVENT_REARMED,
    Shutdown = HL_EVENT_SHUTDOWN,
    Drill = HL_EVENT_DRILL,
    SubscriberSuspended = HL_EVENT_SUBSCRIBER_SUSPENDED,
    Probe = HL_EVENT_PROBE,
    Enabled = HL_EVENT_ENABLED,
    Disabled = HL_EVENT_DISABLED,
    ThresholdUpdated = HL_EVENT_THRESHOLD_UPDATED,
    ConfigReloaded = HL_EVENT_CONFIG_RELOADED,
    ConfigRefused = HL_EVENT_CONFIG_REFUSED,
    SensorLate = HL_EVENT_SENSOR_LATE,
    SensorFailed = HL_EVENT_SENSOR_FAILED,
};

/// Why a breaker moved, or why an order is denied.
enum class Reason : std::uint32_t {
    None = HL_REASON_NONE,
    Limit = HL_REASON_LIMIT,
    Rung = HL_REASON_RUNG,
    Speed = HL_REASON_SPEED,
    Underwater = HL_REASON_UNDERWATER,
    Rise = HL_REASON_RISE,
    Breakout = HL_REASON_BREAKOUT,
    Stale = HL_REASON_STALE,
    BadInput = HL_REASON_BAD_INPUT,
    Manual = HL_REASON_MANUAL,
    Emergency = HL_REASON_EMERGENCY,
    NotReady = HL_REASON_NOT_READY,
    WarnLevel = HL_REASON_WARN_LEVEL,
    ClearLevel = HL_REASON_CLEAR_LEVEL,
    TimeUp = HL_REASON_TIME_UP,
    Recovered = HL_REASON_RECOVERED,
    Reset = HL_REASON_RESET,
    EmergencyCleared = HL_REASON_EMERGENCY_CLEARED,
    PolicyChanged = HL_REASON_POLICY_CHANGED,
    Installed = HL_REASON_INSTALLED,
    Removed = HL_REASON_REMOVED,
    Maintenance = HL_REASON_MAINTENANCE,
    Liquidation = HL_REASON_LIQUIDATION,
    Rebased = HL_REASON_REBASED,
    ProbesPassed = HL_REASON_PROBES_PASSED,
    ProbeFailed = HL_REASON_PROBE_FAILED,
    ProbeExpired = HL_REASON_PROBE_EXPIRED,
    ProbeRound = HL_REASON_PROBE_ROUND,
    SlowRate = HL_REASON_SLOW_RATE,
    Consecutive = HL_REASON_CONSECUTIVE,
    CheckMissing = HL_REASON_CHECK_MISSING,
    CheckFailed = HL_REASON_CHECK_FAILED,
    CheckLate = HL_REASON_CHECK_LATE,
    CalendarEnded = HL_REASON_CALENDAR_ENDED,
    Latency = HL_REASON_LATENCY,
    Missing = HL_REASON_MISSING,
    Crossed = HL_REASON_CROSSED,
    Locked = HL_REASON_LOCKED,
    Streak = HL_REASON_STREAK,
    Acceleration = HL_REASON_ACCELERATION,
    Margin = HL_REASON_MARGIN,
    PositionCount = HL_REASON_POSITION_COUNT,
    PositionShare = HL_REASON_POSITION_SHARE,
    SectorShare = HL_REASON_SECTOR_SHARE,
    LongExposure = HL_REASON_LONG_EXPOSURE,
    ShortExposure = HL_REASON_SHORT_EXPOSURE,
    GrossExposure = HL_REASON_GROSS_EXPOSURE,
    NetExposure = HL_REASON_NET_EXPOSURE,
    PositionQuantity = HL_REASON_POSITION_QUANTITY,
    PositionNotional = HL_REASON_POSITION_NOTIONAL,
    OutOfSession = HL_REASON_OUT_OF_SESSION,
    Blackout = HL_REASON_BLACKOUT,
    VenueHalted = HL_REASON_VENUE_HALTED,
    VenueClosed = HL_REASON_VENUE_CLOSED,
    VenueUnknown = HL_REASON_VENUE_UNKNOWN,
    LimitState = HL_REASON_LIMIT_STATE,
    Straddle = HL_REASON_STRADDLE,
    TradingPause = HL_REASON_TRADING_PAUSE,
    Overrun = HL_REASON_OVERRUN,
    Cleared = HL_REASON_CLEARED,
    Killed = HL_REASON_KILLED,
    ShutDown = HL_REASON_SHUT_DOWN,
    NotRecovered = HL_REASON_NOT_RECOVERED,
    Panicked = HL_REASON_PANICKED,
    Corrupt = HL_REASON_CORRUPT,
};

/// What a call came to. Pending, Truncated and Warned are successes with a remark.
enum class [[nodiscard]] Code : hl_status {
    Ok = HL_OK,
    Pending = HL_PENDING,
    Truncated = HL_TRUNCATED,
    Warned = HL_WARNED,
    Null = HL_ERR_NULL,
    Utf8 = HL_ERR_UTF8,
    TooLong = HL_ERR_TOO_LONG,
    StructSize = HL_ERR_STRUCT_SIZE,
    Abi = HL_ERR_ABI,
    Argument = HL_ERR_ARGUMENT,
    Config = HL_ERR_CONFIG,
    Panic = HL_ERR_PANIC,
    Forked = HL_ERR_FORKED,
    Deadlock = HL_ERR_DEADLOCK,
    Denied = HL_ERR_DENIED,
    BadInput = HL_ERR_BAD_INPUT,
    BadPlan = HL_ERR_BAD_PLAN,
    BadScope = HL_ERR_BAD_SCOPE,
    Unknown = HL_ERR_UNKNOWN,
    Stale = HL_ERR_STALE,
    Claimed = HL_ERR_CLAIMED,
    Full = HL_ERR_FULL,
    Authority = HL_ERR_AUTHORITY,
    CauseStands = HL_ERR_CAUSE_STANDS,
    NewerTrip = HL_ERR_NEWER_TRIP,
    WrongStatus = HL_ERR_WRONG_STATUS,
    NotAllowed = HL_ERR_NOT_ALLOWED,
    Closed = HL_ERR_CLOSED,
    Platform = HL_ERR_PLATFORM,
    Other = HL_ERR_OTHER,
};

/// Whether it was done: Ok, Pending, Truncated or Warned.
constexpr bool succeeded(Code code) noexcept { return static_cast<hl_status>(code) >= 0; }

/// The code in words, a static text.
inline const char* text(Code code) noexcept { return hl_status_str(static_cast<hl_status>(code)); }

/// What the last failure of this thread was, in full: what was wrong, where, what was found, what is allowed. Empty if nothing has
/// failed yet.
inline std::string last_error() {
    std::string text(hl_last_error(nullptr, 0), '\0');
    if (!text.empty()) {
        // The NUL lands on the string's own.
        hl_last_error(text.data(), text.size() + 1);
    }
    return text;
}

// ---- Results --------------------------------------------------------------------------------------------------------------

/// Why a call failed.
struct Error {
    Code code = Code::Other;
    /// What was wrong, where, what was found, what is allowed.
    std::string text;

    /// That of the call that has just failed on this thread.
    static Error of(Code code) { return Error{code, last_error()}; }
};

/// A value, or why there is none. Who asks for the value of a failure is told the error on stderr and aborted: that is a defect of the
/// caller, and going on would be guessing.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) noexcept : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) noexcept : held_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return const_cast<Result*>(this)->value(); }
    T&& operator*() && noexcept { return std::move(value()); }
    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &**this; }
    /// The value, or `other`.
    T value_or(T other) && noexcept { return *this ? std::move(value()) : std::move(other); }
    /// Of a success: Code::Ok and no text.
    const Error& error() const noexcept {
        static const Error none{Code::Ok, {}};
        const Error* error = std::get_if<1>(&held_);
        return error != nullptr ? *error : none;
    }

private:
    T& value() noexcept {
        T* value = std::get_if<0>(&held_);
        if (value == nullptr) {
            std::fprintf(stderr, "haltline: the value of a failure was asked for: %s\n", error().text.c_str());
            std::abort();
        }
        return *value;
    }

    std::variant<T, Error> held_;
};

/// Done, or why not.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(Error error) noexcept : error_(std::move(error)) {}
    Result(Code code) noexcept : error_(succeeded(code) ? Error{code, {}} : Error::of(code)) {}

    explicit operator bool() const noexcept { return succeeded(error_.code); }
    /// Of a success: Code::Ok, or the remark, and no text.
    const Error& error() const noexcept { return error_; }

private:
    Error error_{Code::Ok, {}};
};

/// So many values that lie in a row and belong to somebody else: std::span, which C++17 does not have.
template <class T>
class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    constexpr T* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T* begin() const noexcept { return data_; }
    constexpr T* end() const noexcept { return data_ + size_; }
    constexpr T& operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

constexpr hl_status raw(Code code) noexcept { return static_cast<hl_status>(code); }
constexpr Code code(hl_status status) noexcept { return static_cast<Code>(status); }
template <class Enum>
constexpr std::uint32_t number(Enum value) noexcept { return static_cast<std::uint32_t>(value); }

/// What was made, or the error of the call that was to make it. Its parts are taken by reference: the call may write them last.
template <class T, class... Made>
Result<T> made(hl_status status, Made&&... held) noexcept {
    if (status < 0) return Error::of(code(status));
    return T(std::forward<Made>(held)...);
}

/// A handle or a pointer that is closed once. A move leaves an empty one behind, and closing that does nothing.
template <class T, void (*close)(T*)>
class Owner {
public:
    Owner() noexcept = default;
    explicit Owner(T held) noexcept : value(held) {}
    Owner(Owner&& other) noexcept : value(std::exchange(other.value, T{})) {}
    Owner& operator=(Owner&& other) noexcept {
        Owner old(std::move(*this));
        std::swap(value, other.value);
        return *this;
    }
    ~Owner() { close(&value); }

    T value{};
};

inline void close_permit(hl_permit* permit) {
    if (permit->bits != 0) static_cast<void>(hl_permit_release(permit));
}

}  // namespace detail

// ---- The order path -------------------------------------------------------------------------------------------------------

/// The answer of a gate: which intents are denied, and whether there is a warning. By default everything is denied.
class [[nodiscard]] Verdict {
public:
    constexpr Verdict() noexcept = default;
    constexpr explicit Verdict(hl_verdict seen) noexcept : seen_(seen) {}

    /// Whether an order of this intent may go.
    bool permits(Intent intent) const noexcept { return hl_verdict_permits(seen_, detail::number(intent)); }
    /// Whether nothing is denied and nothing warns: nearly always, and the cheapest to ask.
    constexpr bool is_clear() const noexcept { return seen_.bits == 0; }
    bool denies_any() const noexcept { return hl_verdict_denies_any(seen_); }
    /// Whether a breaker warns. That denies nothing.
    bool warns() const noexcept { return hl_verdict_warns(seen_); }
    /// Whether the System itself denies: it was killed, has shut down, or this is a forked child.
    bool is_disarmed() const noexcept { return hl_verdict_is_disarmed(seen_); }
    /// The same for this intent alone, so that its denial is explained and no other.
    Verdict only(Intent intent) const noexcept { return Verdict(hl_verdict_only(seen_, detail::number(intent))); }
    constexpr hl_verdict get() const noexcept { return seen_; }

private:
    hl_verdict seen_{HL_DENY_INCREASE | HL_DENY_REDUCE | HL_DENY_CANCEL | HL_DISARMED};
};

/// Why an order was denied. Self-contained; goes straight into a reject message.
class Denial {
public:
    Denial() noexcept = default;
    explicit Denial(const hl_denial& found) noexcept : found_(found) {}

    /// All of it in a sentence, for FIX tag 58 and logs. Ends with a NUL.
    std::string_view text() const noexcept { return found_.text; }
    /// The name of the breaker; empty if the System itself denies.
    std::string_view name() const noexcept { return found_.name; }
    /// The scope that it guards; empty for everything.
    std::string_view scope() const noexcept { return found_.scope; }
    /// Who did it by hand and what he said; may be empty.
    std::string_view note() const noexcept { return found_.note; }
    /// Reason::Cleared if what denied denies no longer.
    Reason reason() const noexcept { return static_cast<Reason>(found_.reason); }
    /// Until when, if time ends it; else `never`.
    Nanos until() const noexcept { return found_.until_ns; }
    /// The value of FIX tag 103.
    std::uint32_t ord_rej_reason() const noexcept { return found_.ord_rej_reason; }
    /// Everything else.
    const hl_denial& get() const noexcept { return found_; }

private:
    hl_denial found_{};
};

/// The right to send one order while what denies it is half open. Given back by the destructor if nobody has said what came of it.
class Permit {
public:
    Permit() noexcept = default;
    explicit Permit(hl_permit permit) noexcept : permit_(permit) {}

    /// The order went through as it should.
    Code passed() noexcept { return detail::code(hl_permit_passed(&permit_.value)); }
    /// The order failed in the way that the breaker guards against.
    Code failed() noexcept { return detail::code(hl_permit_failed(&permit_.value)); }
    /// Nothing came of the order that says anything: gives the permit back as if it had never been taken. The destructor does the same.
    Code release() noexcept { return detail::code(hl_permit_release(&permit_.value)); }
    /// Hands it on, to a call of C; it is no longer this one's to give back.
    [[nodiscard]] hl_permit detach() noexcept { return std::exchange(permit_.value, hl_permit{}); }

private:
    detail::Owner<hl_permit, detail::close_permit> permit_;
};

/// A resolved handle on a few scopes: what is asked before every order, by any number of threads. By default, and after a move, it
/// denies everything; after its System has closed, everything but cancels.
class Gate {
public:
    Gate() noexcept = default;
    explicit Gate(hl_gate* gate) noexcept : gate_(gate) {}

    /// What is denied now. Inline, wait-free: four loads and a branch while nothing denies or warns.
    Verdict check() const noexcept { return Verdict(hl_gate_check(gate_.value)); }
    /// What this gate and `other` deny together: an instrument and an account, say, so that nobody needs a gate for every pair.
    Verdict check_with(const Gate& other) const noexcept { return Verdict(hl_gate_check2(gate_.value, other.gate_.value)); }
    /// Whether an order of this intent may go now.
    bool permits(Intent intent) const noexcept { return hl_gate_permits(gate_.value, detail::number(intent)); }
    /// Whether an order of this side may name this price, by the price band of the first scope that has one. Beside `check`, not in its place.
    bool admits_price(Price price, Side side) const noexcept { return hl_gate_admits_price(gate_.value, price, detail::number(side)); }

    /// Which breaker denies, why and until when, for the verdict that was seen. Cold. Of an empty Gate the text alone says something.
    Denial explain(Verdict seen) const noexcept {
        return told([&](hl_denial& found) { return hl_gate_explain(gate_.value, seen.get(), &found); });
    }
    /// The same for a verdict of `check_with`: the gate that denies says why, and if both do, that with the worse denial.
    Denial explain_with(const Gate& other, Verdict seen) const noexcept {
        return told([&](hl_denial& found) { return hl_gate_explain2(gate_.value, other.gate_.value, seen.get(), &found); });
    }
    /// The same for what is denied now.
    Denial explain() const noexcept { return explain(check()); }
    /// Whether an order takes exposure away whatever becomes of what is in flight on its side: then it is Intent::Reduce. Buys are
    /// positive, sells negative. Of an empty Gate no order does.
    bool reduces(Qty position, Qty in_flight, Qty order) const noexcept {
        bool does = false;
        return hl_gate_reduces(gate_.value, position, in_flight, order, &does) == HL_OK && does;
    }
    /// A permit to send one order although it is denied, if everything that denies it is half open. Code::Denied if there is none.
    Result<Permit> try_probe(Intent intent = Intent::Increase) const { return try_probe_with(*this, intent); }
    /// The same through this gate and `other` together.
    Result<Permit> try_probe_with(const Gate& other, Intent intent = Intent::Increase) const {
        hl_permit permit{};
        return detail::made<Permit>(hl_gate_try_probe2(gate_.value, other.gate_.value, detail::number(intent), &permit), permit);
    }
    const hl_gate* get() const noexcept { return gate_.value; }

private:
    /// What a call explains, or why it cannot.
    template <class Call>
    static Denial told(Call call) noexcept {
        hl_denial found{};
        const hl_status status = call(found);
        if (status < 0) {
            std::snprintf(found.text, sizeof found.text, "%s", hl_status_str(status));
            // What is no gate has no reason, and 0 would blame the broker.
            found.ord_rej_reason = hl_fix_ord_rej_reason(HL_REASON_NONE);
        }
        return Denial(found);
    }

    detail::Owner<hl_gate*, hl_gate_close> gate_;
};

// ---- Observations ---------------------------------------------------------------------------------------------------------

/// The handle of a breaker: names this one for ever.
struct Breaker {
    Breaker() noexcept = default;
    explicit Breaker(hl_breaker found) noexcept : handle(found) {}

    hl_breaker handle{};
};

/// What is held of an instrument.
struct Position {
    /// The caller's number of it.
    std::uint64_t instrument = 0;
    /// Long is positive, short negative, 0 closes it.
    Qty quantity = 0;
    /// Its market value; the magnitude counts.
    Money value = 0;
    /// 0 is a sector of its own.
    std::uint32_t sector = 0;
};

/// What one thread hears of a scope. Allocates nothing once it is open. What is refused changes nothing and is counted; a source that
/// says nothing usable for long is stale, and that denies.
class Feed {
public:
    Feed() noexcept = default;
    explicit Feed(hl_feed* feed) noexcept : feed_(feed) {}

    Code trade(Price price, Qty qty, Nanos at) noexcept { return detail::code(hl_feed_trade(feed_.value, price, qty, 0, at)); }
    /// A trade that makes no price: an odd lot, one out of sequence.
    Code ineligible_trade(Price price, Qty qty, Nanos at) noexcept { return detail::code(hl_feed_trade(feed_.value, price, qty, HL_TRADE_INELIGIBLE, at)); }
    /// The best bid and ask; `no_price` for a side on which nothing rests.
    Code quote(Price bid, Price ask, Nanos at) noexcept { return detail::code(hl_feed_quote(feed_.value, bid, ask, at)); }
    /// The official close of a session and its date, as 20200309.
    Code reference(Price price, std::uint32_t session, Nanos at) noexcept { return detail::code(hl_feed_reference(feed_.value, price, session, at)); }
    /// Marked to market.
    Code equity(Money equity, Nanos at) noexcept { return detail::code(hl_feed_equity(feed_.value, equity, at)); }
    /// A gain or a loss that has been booked.
    Code pnl(Money delta, Nanos at) noexcept { return detail::code(hl_feed_pnl(feed_.value, delta, at)); }
    /// A deposit or a withdrawal: no gain and no loss.
    Code flow(Money amount, Nanos at) noexcept { return detail::code(hl_feed_flow(feed_.value, amount, at)); }
    Code position(const Position& held, Nanos at) noexcept {
        hl_position position{};
        position.struct_size = sizeof position;
        position.sector = held.sector;
        position.instrument = held.instrument;
        position.quantity = held.quantity;
        position.value = held.value;
        return detail::code(hl_feed_position(feed_.value, &position, at));
    }
    /// `available` is negative in a deficit.
    Code margin(Money used, Money available, Nanos at) noexcept { return detail::code(hl_feed_margin(feed_.value, used, available, at)); }
    /// How a call ended, and how long it took; 0 from who does not measure.
    Code outcome(Outcome outcome, Nanos duration, Nanos at) noexcept { return detail::code(hl_feed_outcome(feed_.value, detail::number(outcome), duration, at)); }
    /// Time passes; nothing else is new.
    Code heartbeat(Nanos at) noexcept { return detail::code(hl_feed_heartbeat(feed_.value, at)); }
    Code venue(VenueStatus status, Nanos at) noexcept { return detail::code(hl_feed_venue(feed_.value, detail::number(status), at)); }
    /// A message of a numbered stream.
    Code sequence(std::uint64_t number, Nanos sent, Nanos received) noexcept { return detail::code(hl_feed_sequence(feed_.value, number, sent, received)); }
    /// A check before the open; System::check_id gives its number.
    Code check(std::uint32_t id, bool passed, Nanos at) noexcept { return detail::code(hl_feed_check(feed_.value, id, passed, at)); }
    /// Whether a prediction has come true.
    Code prediction(bool right, Nanos at) noexcept { return detail::code(hl_feed_prediction(feed_.value, right, at)); }
    /// A value made elsewhere, in the breaker's unit.
    Code reading(Breaker breaker, double value, Nanos at) noexcept { return detail::code(hl_feed_reading(feed_.value, breaker.handle, value, at)); }
    hl_feed* get() const noexcept { return feed_.value; }

private:
    detail::Owner<hl_feed*, hl_feed_close> feed_;
};

/// One thread's hand on what many threads tell of a scope: outcomes of a gateway's calls, P&L of an account's fills.
class Tally {
public:
    Tally() noexcept = default;
    explicit Tally(hl_tally* tally) noexcept : tally_(tally) {}

    /// Whether a call may be made: a permit, to be given to `outcome`, or Code::Denied.
    Result<Permit> admit() {
        hl_permit permit{};
        return detail::made<Permit>(hl_tally_admit(tally_.value, &permit), permit);
    }
    /// How the call ended that this permit has admitted; a default one is none.
    Code outcome(Permit permit, Outcome outcome, Nanos duration, Nanos at) noexcept { return detail::code(hl_tally_outcome(tally_.value, permit.detach(), detail::number(outcome), duration, at)); }
    Code pnl(Money delta, Nanos at) noexcept { return detail::code(hl_tally_pnl(tally_.value, delta, at)); }
    Code flow(Money amount, Nanos at) noexcept { return detail::code(hl_tally_flow(tally_.value, amount, at)); }
    Code prediction(bool right, Nanos at) noexcept { return detail::code(hl_tally_prediction(tally_.value, right, at)); }
    hl_tally* get() const noexcept { return tally_.value; }

private:
    detail::Owner<hl_tally*, hl_tally_close> tally_;
};

// ---- Events and status ----------------------------------------------------------------------------------------------------

/// One event, in numbers; see haltline.h.
using Event = hl_event;
/// What is behind the numbers of an event.
using EventText = hl_event_text;
using SystemStatus = hl_system_status;
using BreakerInfo = hl_breaker_info;
using Counts = hl_breaker_counts;
using Statistics = hl_system_statistics;
using SubscriberInfo = hl_subscriber_info;
/// What a policy says; `fields` names what a change changes.
using Policy = hl_policy;
/// What is polled; see haltline.h.
using Metrics = hl_metrics;
using MarketConditions = hl_market_conditions;

inline EventType type(const Event& event) noexcept { return static_cast<EventType>(event.event_type); }
inline Reason reason(const Event& event) noexcept { return static_cast<Reason>(event.reason); }
/// Where its breaker was before, and is after it; Status::Retired both, if nothing has moved.
inline Status before(const Event& event) noexcept { return static_cast<Status>(event.before_status); }
inline Status after(const Event& event) noexcept { return static_cast<Status>(event.after_status); }

namespace detail {

inline std::string named(hl_system system, std::uint32_t what, std::uint64_t id) {
    char name[HL_NAME_BYTES] = {};
    return hl_name(system, what, id, name, sizeof name) < 0 ? std::string() : std::string(name);
}

}  // namespace detail

/// The words for these, as in configurations and journals: "tripped", "trading_pause".
inline std::string name(Status status) { return detail::named({}, HL_NAME_STATUS, detail::number(status)); }
inline std::string name(Reason reason) { return detail::named({}, HL_NAME_REASON, detail::number(reason)); }
inline std::string name(Kind kind) { return detail::named({}, HL_NAME_KIND, detail::number(kind)); }
inline std::string name(EventType type) { return detail::named({}, HL_NAME_EVENT, detail::number(type)); }
inline std::string name(Authority authority) { return detail::named({}, HL_NAME_AUTHORITY, detail::number(authority)); }
/// "increase", "reduce", "cancel".
inline const char* name(Intent intent) noexcept {
    return intent == Intent::Increase ? "increase" : intent == Intent::Reduce ? "reduce" : "cancel";
}

/// Denies every order but cancels in every System of this process, at once. Wait-free and async-signal-safe.
inline Code kill_all() noexcept { return detail::code(hl_kill_all()); }

/// Whether a configuration in TOML has mistakes; they are in the error's text, as System::open says.
inline Result<void> check_config(std::string_view toml) { return detail::code(hl_config_check(toml.data(), toml.size())); }

/// Who does something, with what authority, and why. The texts must last as long as the call.
struct By {
    const char* actor;
    Authority authority;
    const char* reason;
};

/// How a System is opened.
class Options {
public:
    /// A configuration in TOML, with what it includes.
    static Options file(std::string path) { return Options(std::move(path), true); }
    /// The same as a text; it reads no files.
    static Options text(std::string toml) { return Options(std::move(toml), false); }

    /// No threads: System::advance tells the time, beginning with this, and System::drain hands on events.
    Options& manual(Nanos start) noexcept {
        raw_.mode = HL_MANUAL;
        raw_.start_ns = start;
        return *this;
    }
    /// The thread that hands on events looks again and again, and takes a core for that.
    Options& spin() noexcept {
        raw_.idle = HL_IDLE_SPIN;
        return *this;
    }
    /// Called as the first thing on each thread that the System starts, to pin it or give it a priority.
    Options& on_thread(hl_thread_fn call, void* user) noexcept {
        raw_.on_thread = call;
        raw_.on_thread_user = user;
        return *this;
    }
    /// The texts are this one's, and last as long as it does.
    hl_options get() const noexcept {
        hl_options options = raw_;
        options.struct_size = sizeof options;
        options.path = is_path_ ? words_.c_str() : nullptr;
        options.config = is_path_ ? nullptr : words_.data();
        options.config_len = is_path_ ? 0 : words_.size();
        return options;
    }

private:
    Options(std::string words, bool is_path) : words_(std::move(words)), is_path_(is_path) {}

    hl_options raw_{};
    /// A path or a configuration.
    std::string words_;
    bool is_path_;
};

/// Which events are wanted: all of what is given must hold; the default wants everything.
class Filter {
public:
    Filter& kind(Kind kind) noexcept {
        raw_.kinds |= std::uint64_t{1} << detail::number(kind);
        return *this;
    }
    Filter& type(EventType type) noexcept {
        raw_.types |= std::uint64_t{1} << detail::number(type);
        return *this;
    }
    /// This scope and those below it.
    Filter& scope(std::string path) {
        scope_ = std::move(path);
        return *this;
    }
    /// Only trips, resets and stops.
    Filter& urgent() noexcept {
        raw_.urgent = 1;
        return *this;
    }
    /// The text is this one's.
    hl_filter get() const noexcept {
        hl_filter filter = raw_;
        filter.scope = scope_.c_str();
        return filter;
    }

private:
    hl_filter raw_{};
    std::string scope_;
};

/// Who hears of events, and what it may cost. Zero is what haltline.h says.
struct Subscriber {
    std::string name;
    Filter filter{};
    /// How many events may wait for it.
    std::uint32_t capacity = 0;
    /// How many one call is given at most.
    std::uint32_t batch = 0;
    /// How long a call may take, and how many in a row may take longer before it is suspended.
    Nanos budget = 0;
    std::uint32_t max_overruns = 0;
    /// When too many wait, the newest goes instead of the oldest.
    bool drop_newest = false;

    /// The texts are this one's.
    hl_subscribe_options get() const noexcept {
        hl_subscribe_options options{};
        options.struct_size = sizeof options;
        options.overflow = drop_newest ? HL_OVERFLOW_DROP_NEWEST : HL_OVERFLOW_DROP_OLDEST;
        options.name = name.empty() ? nullptr : name.c_str();
        options.filter = filter.get();
        options.capacity = capacity;
        options.batch = batch;
        options.budget_ns = budget;
        options.max_overruns = max_overruns;
        return options;
    }
};

/// A callable that hears of events, on a thread of its own; in manual mode inside System::drain. The destructor unsubscribes, and waits
/// up to five seconds for a call that runs. The callable is destroyed when no call runs and none will, on whichever thread that is.
class Subscription {
public:
    Subscription() noexcept = default;
    Subscription(Subscription&& other) noexcept : subscription_(std::exchange(other.subscription_, {})) {}
    Subscription& operator=(Subscription&& other) noexcept {
        Subscription old(std::move(*this));
        std::swap(subscription_, other.subscription_);
        return *this;
    }
    ~Subscription() { static_cast<void>(unsubscribe(patience)); }

    /// Code::Ok: it is not running and will not run. Code::Pending: it may still be running, after `timeout` or because this is called
    /// in it, and will not start again.
    Code unsubscribe(Nanos timeout) noexcept {
        if (subscription_.bits == 0) return Code::Stale;
        return detail::code(hl_unsubscribe(std::exchange(subscription_, {}), timeout));
    }

private:
    friend class System;
    static constexpr Nanos patience = 5'000'000'000;

    hl_subscription subscription_{};
};

/// Events for who asks, on a thread of his own.
class Inbox {
public:
    Inbox() noexcept = default;

    /// What waits, at most 256 events; valid until the next call. Empty if nothing does, and when the System has closed.
    Span<const Event> poll() noexcept { return wait(0); }
    /// The same, and waits for the first of them.
    Span<const Event> wait(Nanos timeout) noexcept {
        std::size_t n = 0;
        code_ = detail::code(hl_wait_events(subscription_.value, room_.data(), room_.size(), timeout, &n));
        return succeeded(code_) ? Span<const Event>(room_.data(), n) : Span<const Event>();
    }
    /// What the last call came to: Code::Closed when the System has closed and everything was taken.
    Code code() const noexcept { return code_; }

private:
    friend class System;
    static void close(hl_subscription* subscription) {
        if (subscription->bits != 0) static_cast<void>(hl_unsubscribe(*subscription, 0));
    }
    explicit Inbox(hl_subscription subscription) : subscription_(subscription), room_(256) {}

    detail::Owner<hl_subscription, close> subscription_;
    std::vector<Event> room_;
    Code code_ = Code::Ok;
};

// ---- The System -----------------------------------------------------------------------------------------------------------

/// Owns breakers, their time and their events. Closed by the destructor, as by `close` with five seconds.
class System {
public:
    System() noexcept = default;

    /// Code::Config with the mistakes of the configuration in the error's text, each with its line; of those for which HL_ERROR_BYTES
    /// have no room it says how many they are.
    static Result<System> open(const Options& options) {
        const hl_options raw = options.get();
        hl_system system{};
        return detail::made<System>(hl_system_open(&raw, &system), system);
    }
    /// Gates deny from now on, and threads are waited for; in manual mode callables are called here. Code::Pending if one does not come
    /// back in time, or had no time to hear everything; Code::Deadlock from a callback.
    Code close(Nanos timeout) noexcept {
        const Code code = detail::code(hl_system_close(system_.value, timeout));
        if (succeeded(code)) system_.value = {};
        return code;
    }

    /// Puts another configuration in force, all of it or nothing. Code::Warned if it lets breakers go, or would change `[system]`:
    /// `warnings` names them.
    Result<void> reload(std::string_view toml) { return detail::code(hl_system_reload(get(), toml.data(), toml.size())); }
    Result<void> reload_file(const char* path) { return detail::code(hl_system_reload_file(get(), path)); }
    /// What is allowed but unusual in the configuration in force, one a line.
    Result<std::string> warnings() const {
        std::string text(HL_ERROR_BYTES, '\0');
        hl_status status;
        // They may be more by the next time: a reload makes others.
        while ((status = hl_config_warnings(get(), text.data(), text.size())) == HL_TRUNCATED) text.resize(2 * text.size());
        text.resize(std::char_traits<char>::length(text.c_str()));
        return detail::made<std::string>(status, std::move(text));
    }
    /// Further scopes, instruments that are listed during the day; all or none.
    Result<void> declare(Span<const char* const> scopes) { return detail::code(hl_declare(get(), scopes.data(), scopes.size())); }
    Result<void> declare(std::initializer_list<const char*> scopes) { return declare({scopes.begin(), scopes.size()}); }

    /// A gate on these scopes and their ancestors, at most seven together. The prices it admits are
    /// those of the first of them that has a price band now; if none has, of the first.
    Result<Gate> gate(Span<const char* const> scopes) const {
        hl_gate* gate = nullptr;
        return detail::made<Gate>(hl_gate_open(get(), scopes.data(), scopes.size(), &gate), gate);
    }
    Result<Gate> gate(std::initializer_list<const char*> scopes) const { return this->gate({scopes.begin(), scopes.size()}); }
    /// Claims the feed of a scope; Code::Claimed if somebody holds it.
    Result<Feed> feed(const char* scope) {
        hl_feed* feed = nullptr;
        return detail::made<Feed>(hl_feed_open(get(), scope, &feed), feed);
    }
    /// A tally on a scope, one for each thread that tells.
    Result<Tally> tally(const char* scope) {
        hl_tally* tally = nullptr;
        return detail::made<Tally>(hl_tally_open(get(), scope, &tally), tally);
    }

    /// Manual mode: the time, and all that it makes happen.
    Code advance(Nanos now) noexcept { return detail::code(hl_advance(get(), now)); }
    /// Manual mode: hands on what has happened; how many events that was. Code::NotAllowed of one with threads.
    Result<std::size_t> drain() {
        std::size_t told = 0;
        return detail::made<std::size_t>(hl_drain(get(), &told), told);
    }
    Result<Nanos> now() const {
        Nanos now = 0;
        return detail::made<Nanos>(hl_now(get(), &now), now);
    }

    /// The breaker of this name.
    Result<Breaker> breaker(const char* name) const {
        hl_breaker found{};
        return detail::made<Breaker>(hl_breaker_find(get(), name, &found), found);
    }
    /// The number of a check before the open.
    Result<std::uint32_t> check_id(const char* name) const {
        std::uint32_t id = 0;
        return detail::made<std::uint32_t>(hl_check_find(get(), name, &id), id);
    }

    // What people do. What is refused is an event, too.

    /// It stays tripped until somebody resets it.
    Result<void> trip(Breaker breaker, By by) { return act(hl_trip, breaker, by); }
    /// `seen` is the stamp of the breaker's info, or `after` of its event: resets that trip and no newer one.
    Result<void> reset(Breaker breaker, std::uint64_t seen, By by) { return act(hl_reset, breaker, by, seen); }
    /// Also on a standing cause; asks one authority more.
    Result<void> force_reset(Breaker breaker, std::uint64_t seen, By by) { return act(hl_force_reset, breaker, by, seen); }
    /// Sets the baseline of a drawdown, or the opening of a liquidation, anew.
    Result<void> rebase(Breaker breaker, Money baseline, By by) { return act(hl_rebase, breaker, by, baseline); }
    /// Has the book reduced, until it is `liquidated`.
    Result<void> liquidate(Breaker breaker, By by) { return act(hl_liquidate, breaker, by); }
    Result<void> liquidated(Breaker breaker, By by) { return act(hl_liquidated, breaker, by); }
    /// Out of service; a reset ends it.
    Result<void> maintain(Breaker breaker, By by) { return act(hl_maintain, breaker, by); }
    /// Into force, or out of it.
    Result<void> enable(Breaker breaker, bool enabled, By by) { return act(hl_enable, breaker, by, enabled); }
    /// Changes the part of its policy that `fields` names, until the next reload.
    Result<void> update_policy(Breaker breaker, Policy policy, By by) {
        policy.struct_size = sizeof policy;
        return act(hl_policy_update, breaker, by, &policy);
    }
    /// Told like a trip; denies nothing.
    Result<void> drill(Breaker breaker, By by) { return act(hl_drill, breaker, by); }
    /// Everything in the scope is denied but cancels, until an administrator clears it.
    Result<void> emergency_stop(const char* scope, EmergencySource source, By by) {
        return detail::code(
            hl_emergency_stop(get(), scope, detail::number(source), by.reason, by.actor, detail::number(by.authority)));
    }
    Result<void> clear_emergency_stop(const char* scope, By by) {
        return detail::code(hl_clear_emergency_stop(get(), scope, by.reason, by.actor, detail::number(by.authority)));
    }
    /// Denies everything but cancels, at once. Wait-free and async-signal-safe.
    Code kill() noexcept { return detail::code(hl_kill(get())); }
    /// Ends the kill that the operator saw: `kill_word` of the status.
    Result<void> rearm(std::uint64_t seen, By by) {
        return detail::code(hl_rearm(get(), seen, by.reason, by.actor, detail::number(by.authority)));
    }

    // What people look at.

    Result<SystemStatus> status() const { return ask<SystemStatus>(hl_status_get); }
    Result<Statistics> statistics() const { return ask<Statistics>(hl_statistics); }
    Result<BreakerInfo> info(Breaker breaker) const {
        BreakerInfo info{};
        return detail::made<BreakerInfo>(hl_breaker_status(get(), breaker.handle, &info), info);
    }
    Result<Counts> counts(Breaker breaker) const {
        Counts counts{};
        return detail::made<Counts>(hl_breaker_stats(get(), breaker.handle, &counts), counts);
    }
    Result<Policy> policy(Breaker breaker) const {
        Policy policy{};
        policy.struct_size = sizeof policy;
        return detail::made<Policy>(hl_policy_get(get(), breaker.handle, &policy), policy);
    }
    /// For those who poll everything: tells what is known now, and says how everything stands after it.
    Result<SystemStatus> evaluate(Metrics metrics, MarketConditions market) {
        metrics.struct_size = sizeof metrics;
        market.struct_size = sizeof market;
        SystemStatus status{};
        return detail::made<SystemStatus>(hl_evaluate(get(), &metrics, &market, &status), status);
    }
    /// How the subscribers do.
    Result<std::vector<SubscriberInfo>> subscribers() const {
        return list<SubscriberInfo>(
            [this](SubscriberInfo* room, std::size_t cap, std::size_t* n) { return hl_subscribers(get(), room, cap, n); });
    }
    /// All breakers, the kill switches of the scopes included.
    Result<std::vector<BreakerInfo>> breakers() const {
        return list<BreakerInfo>([this](BreakerInfo* room, std::size_t cap, std::size_t* n) { return hl_breakers(get(), room, cap, n); });
    }
    /// The last events that are wanted, the oldest first. In manual mode what has been drained.
    Result<std::vector<Event>> history(const Filter& filter = {}) const {
        hl_past past{};
        past.struct_size = sizeof past;
        past.filter = filter.get();
        return list<Event>([&](Event* room, std::size_t cap, std::size_t* n) { return hl_history(get(), &past, room, cap, n); });
    }
    /// What is behind the numbers of an event: names, and by how much.
    Result<EventText> details(const Event& event) const {
        EventText text{};
        return detail::made<EventText>(hl_event_details(get(), &event, &text), text);
    }

    // Who hears of events.

    /// Calls `hear(haltline::Span<const haltline::Event>)` with what `who` wants, in batches and in order. It must not throw: an exception
    /// that leaves it ends the process.
    template <class Hear>
    Result<Subscription> subscribe(const Subscriber& who, Hear&& hear) {
        using Callable = std::decay_t<Hear>;
        static_assert(std::is_invocable_v<Callable&, Span<const Event>>, "found a callable that does not take a Span<const Event>");
        auto callable = std::make_unique<Callable>(std::forward<Hear>(hear));
        hl_subscribe_options options = who.get();
        options.user = callable.get();
        options.function = [](const hl_event* events, std::size_t n, void* user) noexcept {
            (*static_cast<Callable*>(user))(Span<const Event>(events, n));
        };
        options.release = [](void* user) noexcept { delete static_cast<Callable*>(user); };
        Subscription subscription;
        const Code code = detail::code(hl_subscribe(get(), &options, &subscription.subscription_));
        if (!succeeded(code)) return Error::of(code);
        static_cast<void>(callable.release());
        return subscription;
    }
    /// The same queue for who asks.
    Result<Inbox> receive(const Subscriber& who) {
        const hl_subscribe_options options = who.get();
        hl_subscription made{};
        const Code code = detail::code(hl_subscribe(get(), &options, &made));
        if (!succeeded(code)) return Error::of(code);
        return Inbox(made);
    }

    hl_system get() const noexcept { return system_.value; }

private:
    static constexpr Nanos patience = 5'000'000'000;
    static void close_at_last(hl_system* system) {
        if (system->bits != 0) static_cast<void>(hl_system_close(*system, patience));
    }

    template <class Call, class... What>
    Result<void> act(Call call, Breaker breaker, By by, What... what) {
        return detail::code(call(get(), breaker.handle, what..., by.reason, by.actor, detail::number(by.authority)));
    }
    template <class T, class Call>
    Result<T> ask(Call call) const {
        T found{};
        return detail::made<T>(call(get(), &found), found);
    }
    /// Asks how many there are, and again if there are more by then.
    template <class T, class Call>
    static Result<std::vector<T>> list(Call call) {
        std::vector<T> found;
        std::size_t n = 0;
        hl_status status = call(nullptr, 0, &n);
        while (status == HL_TRUNCATED) {
            found.resize(n);
            status = call(found.data(), found.size(), &n);
        }
        if (status < 0) return Error::of(detail::code(status));
        found.resize(n);
        return found;
    }

    explicit System(hl_system system) noexcept : system_(system) {}
    template <class T, class... Made>
    friend Result<T> detail::made(hl_status, Made&&...) noexcept;

    detail::Owner<hl_system, close_at_last> system_;
};

}  // namespace haltline

#endif  // HALTLINE_HPP
