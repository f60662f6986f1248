/* Haltline: a trading circuit breaker. Generated from ffi/src by cbindgen; do not edit. MIT OR Apache-2.0 */

#ifndef HALTLINE_H
#define HALTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "haltline_gate.h"

// The room for the text of a failure, its end included. Longer ones end in `...`, and lists of mistakes in `... and 12 more`.
#define HL_ERROR_BYTES 4096

// The longest text that is read up to its NUL, without it: scopes, names, reasons, paths of files.
#define HL_TEXT_BYTES 4096

// The most texts that are taken in one list.
#define HL_LIST_LENGTH 1048576

// The room for a name or a scope path in a struct, the NUL included. The longest of either fits.
#define HL_NAME_BYTES 136

// The room for a sentence in a struct, the NUL included.
#define HL_SENTENCE_BYTES 256

// The number of this interface; it changes when a program built against an older header must not be linked.
#define HL_ABI_VERSION 1

// Two threads of its own: one ends what ends by time, one hands on events. Times are the machine's.
#define HL_THREADED 0

// No thread: `hl_advance` tells the time, `hl_drain` hands on events. The same calls give the same answers.
#define HL_MANUAL 1

// The thread that hands on events sleeps while there are none; whoever wakes it pays some microseconds.
#define HL_IDLE_PARK 0

// It looks again and again, and takes a core for that.
#define HL_IDLE_SPIN 1

// A trade that does not make a price: an odd lot, one out of sequence, an average price.
#define HL_TRADE_INELIGIBLE 1

// How many tallies of a scope can be open at once.
#define HL_TALLY_HANDLES 32

// How many observations of each may wait while another thread is stopped amid hearing.
#define HL_TALLY_QUEUE 256

// `enabled` is given.
#define HL_POLICY_ENABLED 1

// `shadow` is given.
#define HL_POLICY_SHADOW 2

// `effect` is given.
#define HL_POLICY_EFFECT 4

// `release` is given.
#define HL_POLICY_RELEASE 8

// `liquidates` is given.
#define HL_POLICY_LIQUIDATES 16

// `halt_base_ns`, `halt_max_ns` and `backoff` are given.
#define HL_POLICY_HALT 32

// `cooldown_ns`, `cooldown_effect` and `probes` are given.
#define HL_POLICY_COOLDOWN 64

// `max_auto_resets` and `auto_reset_window_ns` are given.
#define HL_POLICY_AUTO_RESETS 128

// `reset_authority` is given.
#define HL_POLICY_RESET_AUTHORITY 256

// `severity` is given.
#define HL_POLICY_SEVERITY 512

// `on_unready` is given.
#define HL_POLICY_ON_UNREADY 1024

// `confirm` and `confirm_for_ns` are given.
#define HL_POLICY_CONFIRM 2048

// `on_stale` and `stale_after_ns` are given.
#define HL_POLICY_STALE 4096

// `on_bad_input` is given.
#define HL_POLICY_ON_BAD_INPUT 8192

// The name of a breaker: `id` is its handle's `bits`.
#define HL_NAME_BREAKER 1

// The path of a scope: `id` is `scope` of an event.
#define HL_NAME_SCOPE 2

// Who did it: `id` is `actor` of an event.
#define HL_NAME_ACTOR 3

// The word for an `HL_KIND_...`.
#define HL_NAME_KIND 4

// The word for an `HL_STATUS_...`.
#define HL_NAME_STATUS 5

// The word for an `HL_REASON_...`.
#define HL_NAME_REASON 6

// The word for an `HL_EVENT_...`.
#define HL_NAME_EVENT 7

// The word for an `HL_AUTHORITY_...`.
#define HL_NAME_AUTHORITY 8

// `portfolio_value` is known.
#define HL_HAS_PORTFOLIO_VALUE 1

// `peak` is known.
#define HL_HAS_PEAK 2

// `loss_rate` is known.
#define HL_HAS_LOSS_RATE 4

// `position_count` is known.
#define HL_HAS_POSITION_COUNT 8

// `max_position_size` is known.
#define HL_HAS_MAX_POSITION_SIZE 16

// `anomaly_score` is known.
#define HL_HAS_ANOMALY_SCORE 32

// `data_quality_score` is known.
#define HL_HAS_DATA_QUALITY_SCORE 64

// `model_accuracy` is known.
#define HL_HAS_MODEL_ACCURACY 128

// `market_status` is known.
#define HL_HAS_MARKET_STATUS 256

// `volatility` is known.
#define HL_HAS_VOLATILITY 1

// `volume_ratio` is known.
#define HL_HAS_VOLUME_RATIO 2

// `spread_widening` is known.
#define HL_HAS_SPREAD_WIDENING 4

// `price_anomaly_score` is known.
#define HL_HAS_PRICE_ANOMALY_SCORE 8

// `volume_anomaly_score` is known.
#define HL_HAS_VOLUME_ANOMALY_SCORE 16

// `correlation_breakdown_score` is known.
#define HL_HAS_CORRELATION_BREAKDOWN_SCORE 32

// `market_regime_change` is known.
#define HL_HAS_MARKET_REGIME_CHANGE 64

// `venue_halts` is known.
#define HL_HAS_VENUE_HALTS 128

// `vix_level` is known.
#define HL_HAS_VIX_LEVEL 256

// `data_feed_latency_ms` is known.
#define HL_HAS_DATA_FEED_LATENCY_MS 512

// `missing_data_pct` is known.
#define HL_HAS_MISSING_DATA_PCT 1024

// `data_quality_score` of the market is known.
#define HL_HAS_MARKET_DATA_QUALITY_SCORE 2048

// Removed by a reload, or not yet in use.
#define HL_STATUS_RETIRED 0

// Nothing to report; while it is unready it may deny all the same.
#define HL_STATUS_ACTIVE 1

// At or above the warn level.
#define HL_STATUS_WARNING 2

// Denies what its policy says.
#define HL_STATUS_TRIPPED 3

// On the way back; denies what its policy says for this time.
#define HL_STATUS_COOLDOWN 4

// Stopped by a person or an emergency source; only `clear_emergency_stop` leaves it.
#define HL_STATUS_EMERGENCY_HALT 5

// The book is being reduced: orders that reduce pass.
#define HL_STATUS_LIQUIDATING 6

// Out of service by an operator's word: denies like Tripped, left by a reset.
#define HL_STATUS_MAINTENANCE 7

// The machine itself.
#define HL_AUTHORITY_AUTO 0

// A trader.
#define HL_AUTHORITY_TRADER 1

// The risk desk.
#define HL_AUTHORITY_RISK_DESK 2

// An administrator.
#define HL_AUTHORITY_ADMIN 3

// Nothing known.
#define HL_VENUE_UNKNOWN 0

// It trades.
#define HL_VENUE_OPEN 1

// It has halted.
#define HL_VENUE_HALTED 2

// It is closed.
#define HL_VENUE_CLOSED 3

// It did what it should.
#define HL_OUTCOME_SUCCESS 0

// It did not, and that is the dependency's fault.
#define HL_OUTCOME_FAILURE 1

// Says nothing of the dependency but that it is there: a cancelled call, the caller's own mistake, a heartbeat.
#define HL_OUTCOME_IGNORED 2

// A person.
#define HL_SOURCE_MANUAL 0

// A detector.
#define HL_SOURCE_ANOMALY 1

// Another system.
#define HL_SOURCE_EXTERNAL 2

// After its time, if the last reading is fresh and no breach; else with the first good reading after it.
#define HL_RELEASE_TIMED 0

// With the first good reading.
#define HL_RELEASE_LEVEL 1

// By hand.
#define HL_RELEASE_LATCHED 2

// Deny, as if tripped.
#define HL_ON_UNREADY_DENY 0

// Allow.
#define HL_ON_UNREADY_ALLOW 1

// Trip.
#define HL_ON_STALE_TRIP 0

// Warn.
#define HL_ON_STALE_WARN 1

// Nothing; the last reading stands for ever.
#define HL_ON_STALE_IGNORE 2

// Keep its state.
#define HL_ON_BAD_INPUT_REFUSE 0

// Trip.
#define HL_ON_BAD_INPUT_TRIP 1

// Denies orders that increase exposure.
#define HL_NO_NEW 1

// Denies new orders of either kind; resting ones can be pulled.
#define HL_HALT 3

// Denies everything, cancels too.
#define HL_CLOSE 7

// Of the events that wait for a subscriber, the one that has waited longest goes when they are too many.
#define HL_OVERFLOW_DROP_OLDEST 0

// The one that comes goes.
#define HL_OVERFLOW_DROP_NEWEST 1

// It denies from now on; also a higher rung.
#define HL_EVENT_TRIPPED 1

// Back to Active or Warning.
#define HL_EVENT_RESET 2

// The warn level.
#define HL_EVENT_WARNING 3

// The warning is over.
#define HL_EVENT_CALM 4

// On the way back.
#define HL_EVENT_COOLDOWN_STARTED 5

// An emergency stop.
#define HL_EVENT_EMERGENCY 6

// The book is being reduced.
#define HL_EVENT_LIQUIDATING 7

// Out of service.
#define HL_EVENT_MAINTENANCE 8

// It has a usable value.
#define HL_EVENT_READY 9

// It has none any more.
#define HL_EVENT_UNREADY 10

// Half open still, with a new time for its probes.
#define HL_EVENT_PROBING 14

// A plan put it into service.
#define HL_EVENT_INSTALLED 11

// A plan removed it.
#define HL_EVENT_REMOVED 12

// Another policy, or a new baseline.
#define HL_EVENT_UPDATED 13

// A request was refused; nothing moved.
#define HL_EVENT_REFUSED 20

// Observations were refused; nothing moved. Sent for the first of a run.
#define HL_EVENT_BAD_INPUT 21

// Events were lost: `value` says how many. What follows brings the reader level with the Board.
#define HL_EVENT_GAP 22

// After a gap: where a breaker is now.
#define HL_EVENT_LEVEL 23

// The kill word was set.
#define HL_EVENT_KILLED 24

// It was cleared by an administrator.
#define HL_EVENT_REARMED 25

// The System has shut down.
#define HL_EVENT_SHUTDOWN 26

// A drill: told like a trip, denies nothing.
#define HL_EVENT_DRILL 27

// A subscriber is not called any more, for `reason`; `value` is its number.
#define HL_EVENT_SUBSCRIBER_SUSPENDED 28

// A permit was taken: an order goes although the breaker denies, because it is half open. `value` says how many permits
// of this round are out, `limit` how many there are.
#define HL_EVENT_PROBE 29

// A plan or a person put a disabled breaker into force.
#define HL_EVENT_ENABLED 30

// A plan or a person took it out of force.
#define HL_EVENT_DISABLED 31

// Its limit is another one: `value` was, `limit` is.
#define HL_EVENT_THRESHOLD_UPDATED 32

// A configuration has come into force: `value` says how many breakers it has added, changed or removed.
#define HL_EVENT_CONFIG_RELOADED 33

// A configuration was refused, and the one before stays in force: `value` says how many mistakes it has.
#define HL_EVENT_CONFIG_REFUSED 34

// A sensor is not back by its deadline; `value` is its number.
#define HL_EVENT_SENSOR_LATE 35

// A sensor has ended with an error or a panic; `value` is its number. Sent for the first of a run.
#define HL_EVENT_SENSOR_FAILED 36

// Realised volatility of an instrument or index.
#define HL_KIND_VOLATILITY 1

// Fall of equity from a peak.
#define HL_KIND_DRAWDOWN 2

// Speed of losing.
#define HL_KIND_LOSS_RATE 3

// Number and size of positions.
#define HL_KIND_POSITION_LIMIT 4

// Instruments that move as one, or no longer together.
#define HL_KIND_CORRELATION 5

// The classic circuit breaker around a dependency.
#define HL_KIND_TECHNICAL 6

// Tripped and reset by people.
#define HL_KIND_MANUAL 7

// Trading inside sessions only.
#define HL_KIND_TIME_BASED 8

// The emergency stop of a scope.
#define HL_KIND_KILL_SWITCH 9

// A ladder of market-wide halts, or the halts of a venue.
#define HL_KIND_MARKET_CIRCUIT_BREAKER 10

// A return, volume or spread that is far from those before it.
#define HL_KIND_ANOMALY_DETECTION 11

// The book must be reduced.
#define HL_KIND_LIQUIDATION_REQUIRED 12

// Checks that must have passed before a session.
#define HL_KIND_PREMARKET_VALIDATION 13

// What is heard of a market: all of it, in order, in time, and a book that can be.
#define HL_KIND_DATA_FEED_INTEGRITY 14

// Share of right predictions of a model.
#define HL_KIND_MODEL_PERFORMANCE 15

// Nothing to say.
#define HL_REASON_NONE 0

// The value reached its limit.
#define HL_REASON_LIMIT 1

// A rung of a ladder was reached.
#define HL_REASON_RUNG 2

// The drawdown deepens too fast.
#define HL_REASON_SPEED 3

// Too deep under the peak for too long.
#define HL_REASON_UNDERWATER 4

// The volatility rose too much over its last readings.
#define HL_REASON_RISE 5

// The volatility broke out of its own history.
#define HL_REASON_BREAKOUT 6

// No good observation for too long.
#define HL_REASON_STALE 7

// Observations that mean nothing.
#define HL_REASON_BAD_INPUT 8

// By hand.
#define HL_REASON_MANUAL 9

// An emergency stop.
#define HL_REASON_EMERGENCY 10

// No usable value yet.
#define HL_REASON_NOT_READY 11

// The value passed its warn level.
#define HL_REASON_WARN_LEVEL 12

// The value went back below its clear level.
#define HL_REASON_CLEAR_LEVEL 13

// The time of the status was up and the cause gone.
#define HL_REASON_TIME_UP 14

// The first good reading after the cause.
#define HL_REASON_RECOVERED 15

// Reset by hand.
#define HL_REASON_RESET 16

// The emergency stop was cleared.
#define HL_REASON_EMERGENCY_CLEARED 17

// A reload changed the policy.
#define HL_REASON_POLICY_CHANGED 18

// Put into service by a plan.
#define HL_REASON_INSTALLED 19

// Taken out of service by a plan.
#define HL_REASON_REMOVED 20

// Maintenance by an operator's word.
#define HL_REASON_MAINTENANCE 21

// The book is being reduced.
#define HL_REASON_LIQUIDATION 22

// The baseline was set anew by hand.
#define HL_REASON_REBASED 23

// As many probes as were asked for have passed.
#define HL_REASON_PROBES_PASSED 24

// A probe has failed.
#define HL_REASON_PROBE_FAILED 25

// A probe was not back in time.
#define HL_REASON_PROBE_EXPIRED 26

// No probe was out when their time was over: the next ones get their own.
#define HL_REASON_PROBE_ROUND 27

// Too many calls of a dependency are slow.
#define HL_REASON_SLOW_RATE 28

// Too many calls of a dependency have failed in a row.
#define HL_REASON_CONSECUTIVE 29

// A check has not been reported since the last session's end.
#define HL_REASON_CHECK_MISSING 30

// A check was reported as failed.
#define HL_REASON_CHECK_FAILED 31

// A check has passed only after its deadline.
#define HL_REASON_CHECK_LATE 32

// The calendar has no further session: nobody knows whether the market is open.
#define HL_REASON_CALENDAR_ENDED 33

// The last message was on its way for too long.
#define HL_REASON_LATENCY 34

// Too many messages are missing.
#define HL_REASON_MISSING 35

// The bid is above the ask.
#define HL_REASON_CROSSED 36

// The bid is at the ask.
#define HL_REASON_LOCKED 37

// Too many losing samples in a row.
#define HL_REASON_STREAK 38

// The loss accelerates.
#define HL_REASON_ACCELERATION 39

// Too much margin is in use.
#define HL_REASON_MARGIN 40

// Too many open positions.
#define HL_REASON_POSITION_COUNT 41

// A position is too great for the portfolio.
#define HL_REASON_POSITION_SHARE 42

// A sector is too great for the portfolio.
#define HL_REASON_SECTOR_SHARE 43

// Long positions together are too great for the portfolio.
#define HL_REASON_LONG_EXPOSURE 44

// Short positions together are too great for the portfolio.
#define HL_REASON_SHORT_EXPOSURE 45

// Long and short positions together are too great for the portfolio.
#define HL_REASON_GROSS_EXPOSURE 46

// Long and short positions differ too much for the portfolio.
#define HL_REASON_NET_EXPOSURE 47

// The quantity of a position is too great.
#define HL_REASON_POSITION_QUANTITY 48

// The market value of a position is too great.
#define HL_REASON_POSITION_NOTIONAL 49

// The market is closed.
#define HL_REASON_OUT_OF_SESSION 50

// The market is open, and nobody shall trade.
#define HL_REASON_BLACKOUT 51

// The venue has halted.
#define HL_REASON_VENUE_HALTED 52

// The venue is closed.
#define HL_REASON_VENUE_CLOSED 53

// Nobody knows what the venue does.
#define HL_REASON_VENUE_UNKNOWN 54

// The best bid or offer stands at a price band.
#define HL_REASON_LIMIT_STATE 55

// The best bid or offer lies beyond a price band, where nothing can trade.
#define HL_REASON_STRADDLE 56

// A limit state has lasted too long: the instrument pauses.
#define HL_REASON_TRADING_PAUSE 57

// A subscriber took too long, again and again.
#define HL_REASON_OVERRUN 58

// What denied an order denies no longer.
#define HL_REASON_CLEARED 200

// The kill word is set.
#define HL_REASON_KILLED 201

// The System has shut down.
#define HL_REASON_SHUT_DOWN 202

// The System has not been armed yet.
#define HL_REASON_NOT_RECOVERED 203

// A panic inside was caught.
#define HL_REASON_PANICKED 204

// The arm word means nothing: zeroed memory, a forked child.
#define HL_REASON_CORRUPT 205

// The feed of a scope, of one thread at a time.
typedef struct hl_feed hl_feed;

// One thread's hand on what is told of a scope by many.
typedef struct hl_tally hl_tally;

// What a call returns: `HL_OK`, a success with a remark (positive), or a failure (negative). Results are written on success only.
//
// Each function names what it may return. Not named again: `HL_ERR_TOO_LONG` of all that take a text that ends with a NUL, `HL_ERR_FORKED`
// in a forked child, and `HL_ERR_PANIC`.
typedef int32_t hl_status;

// Called on each thread of a System as the first thing, with the name of the thread, to pin it or give it a priority. Must
// come back; a C++ exception that leaves it ends the process.
typedef void (*hl_thread_fn)(const char *name, void *user);

// How a System is opened. Zero it, set `struct_size`, and one of `config` and `path`.
typedef struct {
  // `sizeof(hl_options)`.
  uint32_t struct_size;
  // `HL_THREADED` or `HL_MANUAL`.
  uint32_t mode;
  // A configuration in TOML, at most 4 MiB; NULL if `path` is set. It reads no files.
  const char *config;
  // Its length in bytes.
  size_t config_len;
  // The path of a configuration, ended by a NUL; NULL if `config` is set.
  const char *path;
  // With `HL_MANUAL`: the first time, in nanoseconds since 1970.
  uint64_t start_ns;
  // Called on each thread that the System starts; NULL for nothing.
  hl_thread_fn on_thread;
  // Given to `on_thread`; in use until `hl_system_close` has returned `HL_OK`.
  void *on_thread_user;
  // With `HL_THREADED`: `HL_IDLE_PARK` or `HL_IDLE_SPIN`.
  uint32_t idle;
  // Zero.
  uint32_t reserved;
} hl_options;

// The sizes of the structs that a program was compiled with; `hl_system_open` fills it.
typedef struct {
  // `sizeof(hl_sizes)`.
  uint32_t struct_size;
  // `sizeof(hl_gate)`.
  uint32_t gate;
  // `sizeof(hl_verdict)`.
  uint32_t verdict;
  // `sizeof(hl_event)`.
  uint32_t event;
  // `sizeof(hl_denial)`.
  uint32_t denial;
  // `sizeof(hl_system_status)`.
  uint32_t system_status;
  // `sizeof(hl_breaker_info)`.
  uint32_t breaker_info;
  // `sizeof(hl_breaker_counts)`.
  uint32_t breaker_counts;
  // `sizeof(hl_system_statistics)`.
  uint32_t system_statistics;
  // `sizeof(hl_event_text)`.
  uint32_t event_text;
  // `sizeof(hl_subscriber_info)`.
  uint32_t subscriber_info;
  // `sizeof(hl_policy)`.
  uint32_t policy;
} hl_sizes;

// A System. Zero is none.
typedef struct {
  // What it names.
  uint64_t bits;
} hl_system;

// A breaker of one System. Zero is none.
typedef struct {
  // What it names.
  uint64_t bits;
} hl_breaker;

// Why an order was denied. Self-contained: goes straight into a reject message.
typedef struct {
  // Which breaker; zero if the System itself denies, or nothing does any more.
  hl_breaker breaker;
  // `HL_REASON_...`; `HL_REASON_CLEARED` if what denied denies no longer.
  uint32_t reason;
  // `HL_KIND_...` of the breaker, 0 without one.
  uint32_t kind;
  // `HL_STATUS_...` of the breaker.
  uint32_t status;
  // What it denies, `HL_DENY_...` bits.
  uint32_t denies;
  // Whether `value` and `limit` are known.
  uint32_t has_value;
  // The value of FIX tag 103 for this reason, as `hl_fix_ord_rej_reason` says.
  uint32_t ord_rej_reason;
  // The value that tripped it.
  double value;
  // The limit that the value was tested against.
  double limit;
  // Since when, in nanoseconds since 1970; 0 if it is not known.
  uint64_t since_ns;
  // Until when, if time ends it; else UINT64_MAX.
  uint64_t until_ns;
  // The name of the breaker.
  char name[HL_NAME_BYTES];
  // The scope that it guards; empty for everything.
  char scope[HL_NAME_BYTES];
  // All of it in a sentence, for FIX tag 58 and logs; the end in UTC, to the second and rounded up.
  char text[HL_SENTENCE_BYTES];
  // Who did it by hand and what he said, or what the kind has to say beside its reason; may be empty.
  char note[HL_SENTENCE_BYTES];
} hl_denial;

// The right to send one order while what denies it is half open. Zero is none.
typedef struct {
  // What it names.
  uint64_t bits;
} hl_permit;

// What is held of an instrument. Zero it and set `struct_size`.
typedef struct {
  // `sizeof(hl_position)`.
  uint32_t struct_size;
  // The number of its sector; 0 is a sector of its own.
  uint32_t sector;
  // The caller's number of the instrument.
  uint64_t instrument;
  // Lots: long is positive, short negative, 0 closes it.
  int64_t quantity;
  // The market value, in units of 1e-4; its magnitude counts.
  int64_t value;
} hl_position;

// A policy, or the part of one that `fields` names. Times are in nanoseconds.
typedef struct {
  // `sizeof(hl_policy)`.
  uint32_t struct_size;
  // `HL_POLICY_...` bits: what is given. `hl_policy_get` gives what this breaker has.
  uint32_t fields;
  // 0: it takes no part at all.
  uint32_t enabled;
  // 1: it is seen, and denies nothing.
  uint32_t shadow;
  // What a trip denies: `HL_NO_NEW`, `HL_HALT`, `HL_CLOSE`.
  uint32_t effect;
  // `HL_RELEASE_...`.
  uint32_t release;
  // 1: a breach leads to Liquidating.
  uint32_t liquidates;
  // What Cooldown denies: 0 what a trip does, or as `effect`.
  uint32_t cooldown_effect;
  // Probes that a Cooldown admits, 1 to 30; 0 for none. Then `cooldown_effect` is 0.
  uint32_t probes;
  // After so many automatic resets in the window a trip latches, 1 to 7; 0 for never.
  uint32_t max_auto_resets;
  // `HL_AUTHORITY_...` that a reset by hand asks at least.
  uint32_t reset_authority;
  // `HL_ON_UNREADY_...`.
  uint32_t on_unready;
  // Breaches in a row before a trip, 1 or more.
  uint32_t confirm;
  // `HL_ON_STALE_...`.
  uint32_t on_stale;
  // `HL_ON_BAD_INPUT_...`.
  uint32_t on_bad_input;
  // Zero.
  uint32_t reserved;
  // How long a trip lasts, the first time.
  uint64_t halt_base_ns;
  // The longest, after back-off.
  uint64_t halt_max_ns;
  // The factor of each re-trip out of Cooldown, 1 or more.
  double backoff;
  // Time in Cooldown, 0 for none; with probes the time in which each must be back.
  uint64_t cooldown_ns;
  // The window of the automatic resets.
  uint64_t auto_reset_window_ns;
  // Weight of the risk score, 0 to 1.
  double severity;
  // Time in breach before a trip.
  uint64_t confirm_for_ns;
  // No good observation for so long in session counts as stale.
  uint64_t stale_after_ns;
} hl_policy;

// Which events are wanted: all of what is given must hold; a zeroed one wants everything. What concerns no breaker (a kill, a shutdown)
// is asked for its type alone, and a gap goes to everybody.
typedef struct {
  // Breakers of these kinds: bit `HL_KIND_...` of each; 0 is all.
  uint64_t kinds;
  // Events of these types: bit `HL_EVENT_...` of each; 0 is all.
  uint64_t types;
  // This scope and those below it, ended by a NUL; NULL or empty is all. Who subscribes names one that is declared.
  const char *scope;
  // 1: only trips, resets and stops.
  uint32_t urgent;
  // Zero.
  uint32_t reserved;
} hl_filter;

// One event: what has happened, in numbers.
typedef struct {
  // Its number; numbers rise.
  uint64_t sequence;
  // When it happened, in nanoseconds since 1970.
  uint64_t at_ns;
  // When the status ends by time; of a warning, when the value would reach its limit if it went on as it came. UINT64_MAX: never.
  uint64_t until_ns;
  // The value that was tested; in `HL_EVENT_GAP` the number of lost events.
  double value;
  // The limit that it was tested against.
  double limit;
  // Which breaker; zero if none.
  hl_breaker breaker;
  // The library's word before.
  uint64_t before;
  // The library's word after: of a trip, what `hl_reset` is to be given as `seen`.
  uint64_t after;
  // `HL_EVENT_...`.
  uint32_t event_type;
  // `HL_REASON_...`.
  uint32_t reason;
  // `HL_KIND_...` of its breaker, 0 if none.
  uint32_t kind;
  // The number of the scope, for `hl_name`.
  uint32_t scope;
  // The number of who did it, for `hl_name`; 0 for the machine itself.
  uint32_t actor;
  // `HL_AUTHORITY_...` of who did it.
  uint32_t authority;
  // `HL_STATUS_...` before and after; 0 both, if nothing has moved.
  uint32_t before_status;
  // See `before_status`.
  uint32_t after_status;
  // What the breaker denied before and denies after, `HL_DENY_...` bits; 0 both, if nothing has moved.
  uint32_t before_denies;
  // See `before_denies`.
  uint32_t after_denies;
  // The rung of a ladder's trip, 0 if it is none.
  uint32_t rung;
  // 1 for trips, resets and stops, which a storm of others does not push out.
  uint32_t is_urgent;
} hl_event;

// Told of events, in order, at most as many at once as `batch` says. `events` is valid until it comes back.
//
// It may call anything of this interface but `hl_system_close` (`HL_ERR_DEADLOCK`). A C++ exception that leaves it, or `pthread_exit`, ends
// the process.
typedef void (*hl_events_fn)(const hl_event *events, size_t n, void *user);

// Given `user` once a callback has ended for good, on whichever thread that is. A C++ exception that leaves it ends the process.
typedef void (*hl_release_fn)(void *user);

// Who hears of events, and what it may cost. Zero it, set `struct_size`, and what shall be otherwise.
typedef struct {
  // `sizeof(hl_subscribe_options)`.
  uint32_t struct_size;
  // `HL_OVERFLOW_...`: which event goes when too many wait.
  uint32_t overflow;
  // What it is called in `hl_subscribers`, without control characters, ended by a NUL; NULL is "c".
  const char *name;
  // What it wants to hear of.
  hl_filter filter;
  // How many events wait for it at most, 1 to 1 048 576; 0 is 1 024.
  uint32_t capacity;
  // How many events one call is given at most; 0 is 256. What brings it level after a loss may be more.
  uint32_t batch;
  // How long one call may take, in nanoseconds; 0 is 100 ms. Of those on a thread of their own.
  uint64_t budget_ns;
  // So many calls in a row over the budget suspend it; 0 is 10, UINT32_MAX never.
  uint32_t max_overruns;
  // Zero.
  uint32_t reserved;
  // Called with events; NULL: they are asked for by `hl_poll_events`.
  hl_events_fn function;
  // Given to `function`.
  void *user;
  // Called once with `user` when `function` is not running and never will again, whatever has ended it, so that what belongs to it can be
  // freed; on any thread. NULL for nothing. Not called where `hl_subscribe` fails.
  hl_release_fn release;
} hl_subscribe_options;

// A subscription. Zero is none.
typedef struct {
  // What it names.
  uint64_t bits;
} hl_subscription;

// How a subscriber does.
typedef struct {
  // Its number: what an event of its suspension carries as `value`.
  uint64_t number;
  // How many events it was given.
  uint64_t delivered;
  // How many did not fit, or came while it was suspended.
  uint64_t dropped;
  // How many wait.
  uint64_t queued;
  // Calls that took longer than their budget.
  uint64_t overruns;
  // `HL_REASON_...` for which it is not called any more; 0 while it is.
  uint32_t suspended;
  // Zero.
  uint32_t reserved;
  // Its name.
  char name[HL_NAME_BYTES];
} hl_subscriber_info;

// What is behind the numbers of an event.
typedef struct {
  // Of a warning: when the value would reach its limit if it went on as it came; UINT64_MAX if it goes away from it.
  uint64_t breach_expected_ns;
  // Of a trip: how long the cooldown is that follows; 0 if none does.
  uint64_t cooldown_ns;
  // Of the end of a trip, a stop or a liquidation: how long it has lasted; 0 of others.
  uint64_t lasted_ns;
  // Of a trip: by how much the value was beyond its limit, in percent of it; negative if that is not known.
  double breach_percent;
  // Of a trip: 1 if it ends without a person.
  uint32_t resets_by_itself;
  // Zero.
  uint32_t reserved;
  // The name of the breaker; empty without one.
  char breaker[HL_NAME_BYTES];
  // The path of the scope; empty for everything.
  char scope[HL_NAME_BYTES];
  // Who did it; "auto" for the machine.
  char actor[HL_NAME_BYTES];
  // What he said, if the status that he has brought about stands, or is among the last 4096 that ended of which somebody has said something.
  char note[HL_SENTENCE_BYTES];
} hl_event_text;

// Everything at a glance.
typedef struct {
  // 1 if an order that increases exposure may go somewhere: the System is armed and the root denies nothing.
  uint32_t can_trade;
  // `HL_REASON_...` for which the kill word denies; 0 while it does not.
  uint32_t killed;
  // The kill word, for `hl_rearm`.
  uint64_t kill_word;
  // Breakers that neither deny nor warn; the kill switches that scopes have by themselves are not counted.
  uint64_t active;
  // Breakers that warn.
  uint64_t warning;
  // Breakers that deny something.
  uint64_t tripped;
  // The highest risk score, 0 to 100.
  double risk_score;
  // The System time at which this was found; while nothing changes it stays what it is.
  uint64_t last_update_ns;
  // One line for people.
  char message[HL_SENTENCE_BYTES];
} hl_system_status;

// One breaker, as it is now.
typedef struct {
  // Its handle.
  hl_breaker breaker;
  // Names exactly this status of this breaker: what `hl_reset` must be given as `seen`.
  uint64_t stamp;
  // Since when, in nanoseconds since 1970.
  uint64_t since_ns;
  // Until when, if time ends it; else UINT64_MAX.
  uint64_t until_ns;
  // The value of now.
  double value;
  // The limit that it is tested against.
  double limit;
  // 0 to 100.
  double risk_score;
  // Trips since the start.
  uint64_t trips;
  // Observations refused since the start.
  uint64_t refused;
  // Values that came within 5 % of the limit and went away again.
  uint64_t near_misses;
  // `HL_KIND_...`.
  uint32_t kind;
  // `HL_STATUS_...`.
  uint32_t status;
  // `HL_REASON_...`.
  uint32_t reason;
  // What it denies now, `HL_DENY_...` bits.
  uint32_t denies;
  // The retry, the rung, or 7 for a latch.
  uint32_t step;
  // Whether `value` and `limit` are known.
  uint32_t has_value;
  // 1 if it is the kill switch that a scope has by itself.
  uint32_t is_implicit;
  // 1 if it has no usable value, and so denies if its policy says so.
  uint32_t is_unready;
  // 1 if it is disabled by its policy.
  uint32_t is_disabled;
  // Zero.
  uint32_t reserved;
  // Probes that are out, while it is half open.
  uint32_t probes_out;
  // Probes that have passed.
  uint32_t probes_passed;
  // Its name.
  char name[HL_NAME_BYTES];
  // The scope that it guards; empty for everything.
  char scope[HL_NAME_BYTES];
} hl_breaker_info;

// What one breaker, or all of them, have counted.
typedef struct {
  // Transitions into Tripped, EmergencyHalt or Liquidating.
  uint64_t trips;
  // Ways back to Active or Warning.
  uint64_t resets;
  // Warnings.
  uint64_t warnings;
  // Observations that were refused.
  uint64_t bad_inputs;
  // Values that came within 5 % of the limit and went away again.
  uint64_t near_misses;
  // How long in each `HL_STATUS_...`, in nanoseconds.
  uint64_t time_in_ns[8];
} hl_breaker_counts;

// What a System has counted since its start.
typedef struct {
  // Of all breakers; times of those in service.
  hl_breaker_counts counts;
  // Breakers in service, the kill switches of the scopes included.
  uint64_t breakers;
  // Requests of people that were refused.
  uint64_t refusals;
  // Numbers that events have taken.
  uint64_t events;
  // Events that were lost before they could be handed out.
  uint64_t lost;
  // How many events were measured from their time to the queues of the subscribers; none in a manual System.
  uint64_t dispatched;
  // Half of them took at most this, in nanoseconds.
  uint64_t dispatch_p50_ns;
  // 90 of a hundred.
  uint64_t dispatch_p90_ns;
  // 99 of a hundred.
  uint64_t dispatch_p99_ns;
  // 999 of a thousand.
  uint64_t dispatch_p999_ns;
  // The slowest.
  uint64_t dispatch_max_ns;
} hl_system_statistics;

// Which events of the history are wanted. Zero it and set `struct_size`.
typedef struct {
  // `sizeof(hl_past)`.
  uint32_t struct_size;
  // Zero.
  uint32_t reserved;
  // Of which kinds, scopes and types.
  hl_filter filter;
  // Of one breaker; zero is all.
  hl_breaker breaker;
  // Not before, in nanoseconds since 1970.
  uint64_t from_ns;
  // Not after; 0 is without an end.
  uint64_t until_ns;
} hl_past;

// What a firm knows of itself at one moment. Zero it and set `struct_size`; what is not in `known` is heard by nobody.
typedef struct {
  // `sizeof(hl_metrics)`.
  uint32_t struct_size;
  // Bits `HL_HAS_PORTFOLIO_VALUE` to `HL_HAS_MARKET_STATUS`.
  uint32_t known;
  // What the portfolio is worth, in units of 1e-4.
  int64_t portfolio_value;
  // The most that it was worth, in units of 1e-4.
  int64_t peak;
  // The share of it that is lost, over the caller's own window.
  double loss_rate;
  // The greatest position as a share of the portfolio.
  double max_position_size;
  // How far the strategy is from its usual behaviour, in deviations.
  double anomaly_score;
  // Quality of the firm's own data, 0 to 100.
  double data_quality_score;
  // Share of right predictions, 0 to 1.
  double model_accuracy;
  // Open positions.
  uint32_t position_count;
  // `HL_VENUE_...`: what the market says of itself.
  uint32_t market_status;
} hl_metrics;

// What a firm knows of the market at one moment. Zero it and set `struct_size`; what is not in `known` is heard by nobody.
typedef struct {
  // `sizeof(hl_market_conditions)`.
  uint32_t struct_size;
  // Bits `HL_HAS_VOLATILITY` to `HL_HAS_MARKET_DATA_QUALITY_SCORE`.
  uint32_t known;
  // Realised volatility, as a fraction, over the caller's own window.
  double volatility;
  // Volume against its usual: 1 is usual.
  double volume_ratio;
  // Spread against its usual: 1 is usual.
  double spread_widening;
  // How far the price is from its usual, in deviations.
  double price_anomaly_score;
  // How far the volume is from its usual, in deviations.
  double volume_anomaly_score;
  // How far correlations have gone, 0 to 1.
  double correlation_breakdown_score;
  // A volatility index, in its points.
  double vix_level;
  // Age of what the data feed says, in milliseconds.
  double data_feed_latency_ms;
  // Share of the data that is missing, in per cent: 0 to 100.
  double missing_data_pct;
  // Quality of the market's data, 0 to 100.
  double data_quality_score;
  // Venues that are halted, or of which nobody knows.
  uint32_t venue_halts;
  // 1 if the market is in another regime than the strategies were made for.
  uint32_t market_regime_change;
} hl_market_conditions;

// Done.
#define HL_OK 0

// Done, but a callback that had begun still runs, or had no time to hear everything; none will begin.
#define HL_PENDING 1

// Done, but not everything fitted into the room that was given.
#define HL_TRUNCATED 2

// Done, and `hl_config_warnings` says what of it nobody may have wanted.
#define HL_WARNED 3

// A pointer is NULL that must not be.
#define HL_ERR_NULL -1

// A text is not UTF-8.
#define HL_ERR_UTF8 -2

// A text does not end within `HL_TEXT_BYTES`.
#define HL_ERR_TOO_LONG -3

// `struct_size` is too small, or what is behind the known part of a struct is not zero.
#define HL_ERR_STRUCT_SIZE -4

// The program was compiled with the header of another interface.
#define HL_ERR_ABI -5

// A number that this argument cannot have.
#define HL_ERR_ARGUMENT -6

// The configuration has mistakes; `hl_last_error` names them with their lines.
#define HL_ERR_CONFIG -7

// A panic inside was caught: a defect of the library. The System denies from now on.
#define HL_ERR_PANIC -8

// A forked child cannot use the Systems of its parent, nor open one.
#define HL_ERR_FORKED -9

// The call would wait for itself: it came from a callback.
#define HL_ERR_DEADLOCK -10

// The order is denied, and there is no permit to try: not all that denies it is half open, or no permit is left.
#define HL_ERR_DENIED -11

// A number that means nothing: a time that runs backwards, a price that is not positive, a text with control characters.
#define HL_ERR_BAD_INPUT -20

// A plan that cannot be.
#define HL_ERR_BAD_PLAN -21

// A malformed scope path.
#define HL_ERR_BAD_SCOPE -22

// There is nothing of that name or number.
#define HL_ERR_UNKNOWN -23

// The handle is of something that is no more, was never, or is of another type.
#define HL_ERR_STALE -24

// Somebody else holds the feed.
#define HL_ERR_CLAIMED -25

// A capacity is used up.
#define HL_ERR_FULL -26

// The authority is too low.
#define HL_ERR_AUTHORITY -27

// The cause of the trip still stands.
#define HL_ERR_CAUSE_STANDS -28

// Another trip stands than the one that was named.
#define HL_ERR_NEWER_TRIP -29

// The input means nothing in this status.
#define HL_ERR_WRONG_STATUS -30

// Not allowed for this kind, source or System.
#define HL_ERR_NOT_ALLOWED -31

// The System has shut down.
#define HL_ERR_CLOSED -32

// The machine refused memory, a thread, or a mapping.
#define HL_ERR_PLATFORM -33

// A failure of a kind that this interface has no number for.
#define HL_ERR_OTHER -34

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// A status in words: a static text, also for a number that is none.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
const char *hl_status_str(hl_status status);

// What the last failure of this thread was, in full: what was wrong, where, what was found, what is allowed. At most `len`
// bytes are written, cut at a character, and always ended by a NUL if `len` is not 0. Returns how long the whole text is
// without its NUL; 0 if no call of this thread has failed yet. A call that succeeds leaves it as it is. `buf` may be NULL with a
// `len` of 0.
//
// Threads: any, at once; each has its own. Signals: no. Allocates: no. Progress: wait-free.
//
// Asked of the caller: `buf` has room for `len` bytes.
size_t hl_last_error(char *buf, size_t len);

// The interface that the linked library has: compare it with `HL_ABI_VERSION`.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
uint32_t hl_abi_version(void);

// Opens a System: reads its configuration, and starts its threads if it is to have any. `hl_system_open` calls it with what the
// program was compiled with; who loads the library with dlopen calls this, and gives the same. The mistakes of a configuration are in
// `hl_last_error`, each with its line; of those for which `HL_ERROR_BYTES` have no room it says how many they are.
//
// `HL_ERR_CONFIG`, `HL_ERR_BAD_PLAN`, `HL_ERR_FULL` (64 Systems a process), `HL_ERR_PLATFORM`, `HL_ERR_ABI`, `HL_ERR_STRUCT_SIZE`,
// `HL_ERR_ARGUMENT`, `HL_ERR_NULL`, `HL_ERR_UTF8`, `HL_ERR_FORKED`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks.
//
// Asked of the caller: `options` and `sizes` are as long as they say, the texts can be read, `out` can be written.
hl_status hl_system_open_v1(const hl_options *options, uint32_t abi, const hl_sizes *sizes, hl_system *out);

// Closes a System: its gates deny from now on, its feeds are `HL_ERR_CLOSED`, what has happened is told, and its threads are
// waited for, at most `timeout_ns`. Then its handle is stale. `HL_PENDING` if a callback does not come back in that time: it goes on by
// itself, and none begins any more. A manual System calls its callbacks here, one after the other: the first in any case, and none
// that would begin after `timeout_ns`; then it is `HL_PENDING`, too, and what was left is told to nobody. Close gates, feeds, tallies and
// pull subscriptions before or after it, as you like.
//
// `HL_ERR_DEADLOCK` from a callback: nothing has changed then. `HL_ERR_STALE`.
//
// Threads: any, at once; one of them closes. Signals: no. Allocates: yes. Progress: blocks for at most `timeout_ns`, and in a manual System
// until the callback comes back that has begun by then.
hl_status hl_system_close(hl_system system, uint64_t timeout_ns);

// Puts another configuration, in TOML, in the place of the one in force. Breakers whose name, kind and scope stay keep their
// state: what is tripped stays tripped, unless it is disabled now, or a shadow. Either all of it comes into force or nothing. Told by
// `HL_EVENT_CONFIG_RELOADED` or `HL_EVENT_CONFIG_REFUSED`. It reads no files. A feed that somebody holds takes the new limits over with
// its next observation.
//
// `HL_WARNED` if breakers deny no longer that denied before (disabled, a shadow, removed, or another by name, kind or scope), or if
// `[system]` has changed, which needs a new System: the rest is in force all the same, and `hl_config_warnings` names what is meant.
//
// As `hl_system_open`; `HL_ERR_WRONG_STATUS` if it would remove a breaker in an emergency stop, `HL_ERR_CLOSED`, `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
//
// Asked of the caller: `len` bytes of `toml` can be read.
hl_status hl_system_reload(hl_system system, const char *toml, size_t len);

// As `hl_system_reload`, from a file, with what it includes.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
//
// Asked of the caller: `path` ends with a NUL.
hl_status hl_system_reload_file(hl_system system, const char *path);

// Whether a configuration in TOML has mistakes: `HL_OK`, or `HL_ERR_CONFIG`, as `hl_system_open` says. Whether it fits a
// machine, or a System that runs, is only known when it is opened or reloaded.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
//
// Asked of the caller: `len` bytes of `toml` can be read.
hl_status hl_config_check(const char *toml, size_t len);

// What is allowed but unusual in the configuration in force, what its reload has done that nobody may have wanted, and which calendars have
// ended or end within a month, by the System's time: what goes by them denies from then on, so ask each day. One a line; empty if there is
// nothing. `HL_TRUNCATED` if it does not fit.
//
// `HL_ERR_NULL`, `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant beside a reload.
//
// Asked of the caller: `buf` has room for `len` bytes.
hl_status hl_config_warnings(hl_system system, char *buf, size_t len);

// Declares further scopes, instruments that are listed during the day, say; templates of the configuration make their breakers at
// once. All or none.
//
// `HL_ERR_BAD_SCOPE`, `HL_ERR_FULL`, `HL_ERR_BAD_PLAN`, `HL_ERR_CLOSED`, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
//
// Asked of the caller: `scopes` are `n` texts, each ended by a NUL.
hl_status hl_declare(hl_system system, const char *const *scopes, size_t n);

// Tells a manual System the time, in nanoseconds since 1970, and lets everything happen that time alone makes happen until then, in
// order, each at its own time. An earlier time than the present one changes nothing.
//
// `HL_ERR_NOT_ALLOWED` for one with threads, whose time is the machine's; `HL_ERR_BAD_INPUT` for a time more than 35 years after its start;
// `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside another one.
hl_status hl_advance(hl_system system, uint64_t now_ns);

// Hands out what has happened in a manual System: calls the callbacks of its subscriptions, here, and fills the queues of those that are
// polled. `delivered`, which may be NULL, is how many events that was. Within itself, or beside another one, it does nothing.
//
// `HL_ERR_NOT_ALLOWED` for one with threads, which does this by itself; `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks as long as the callbacks do.
//
// Asked of the caller: `delivered` is NULL or can be written.
hl_status hl_drain(hl_system system, size_t *delivered);

// System time, in nanoseconds since 1970.
//
// `HL_ERR_NULL`, `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `out` can be written.
hl_status hl_now(hl_system system, uint64_t *out);

// Opens a gate on these scopes and all their ancestors, at most seven together, the root among them; with none, on the root. The prices
// it admits are those of the first of them that has a price band now; if none has, of the first. It is used by any number of threads, stays valid through every reload, and denies once its
// System has closed, when cancels still pass.
//
// `HL_ERR_BAD_SCOPE`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_FULL` for more than seven, `HL_ERR_CLOSED`,
// `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
//
// Asked of the caller: `scopes` are `n` texts, each ended by a NUL; `out` can be written.
hl_status hl_gate_open(hl_system system, const char *const *scopes, size_t n, hl_gate **out);

// Closes a gate and sets the pointer to NULL; NULL, a pointer to NULL, and one to a copy of a gate are left as they are. Nobody may be
// using it, and other copies of the pointer must not be used any more.
//
// Threads: one. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `*gate` is NULL or a gate that is not closed.
void hl_gate_close(hl_gate **gate);

// The long look of a check that has not seen zero at once: what is denied. NULL denies everything.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
//
// Asked of the caller: `gate` is NULL or not closed.
hl_verdict hl_gate_slow(const hl_gate *gate);

// The same for two gates together. If either is NULL everything is denied.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
//
// Asked of the caller: Each is NULL or not closed.
hl_verdict hl_gate_slow2(const hl_gate *instrument, const hl_gate *account);

// `hl_gate_check` as a function, for languages that cannot inline it.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
//
// Asked of the caller: `gate` is NULL or not closed.
hl_verdict hl_gate_check_call(const hl_gate *gate);

// Whether an order takes exposure away whatever becomes of what is in flight: then it is `HL_REDUCE`. Buys are positive, sells negative,
// all in lots. `in_flight` is the sum of the resting orders on the order's own side. An order of nothing reduces nothing. Pure.
//
// `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: no. Progress: wait-free.
//
// Asked of the caller: `gate` is NULL or not closed; `out` can be written.
hl_status hl_gate_reduces(const hl_gate *gate, int64_t position, int64_t in_flight, int64_t order_qty, bool *out);

// Which breaker denies, why and until when, for the verdict that was seen. The worst one first: a person's stop, then the oldest. To
// explain the denial of one intent give `hl_verdict_only(seen, intent)`.
//
// `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; not for the order path.
//
// Asked of the caller: `gate` is NULL or not closed; `out` can be written.
hl_status hl_gate_explain(const hl_gate *gate, hl_verdict seen, hl_denial *out);

// The same for a verdict of `hl_gate_check2`: the gate that denies says why, and if both do, that with the worse denial. Either may be the
// first, and both may be the same one.
//
// `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; not for the order path.
//
// Asked of the caller: Each gate is NULL or not closed; `out` can be written.
hl_status hl_gate_explain2(const hl_gate *instrument, const hl_gate *account, hl_verdict seen, hl_denial *out);

// The value of FIX tag 103, OrdRejReason (FIX 4.4), for a reason: 2, exchange closed, while the market does not trade; 3, order exceeds
// limit, for a limit of risk or of price; 0, broker or exchange option, for what people did; else 99, other, for doubt and defects.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
uint32_t hl_fix_ord_rej_reason(uint32_t reason);

// A permit to send one order that increases exposure although it is denied, if everything that denies it is half open and has a
// permit left; if nothing denies it, one that costs nothing. The order may go; then say what came of it by `hl_permit_passed` or
// `hl_permit_failed`, or give it back by `hl_permit_release`.
//
// `HL_ERR_DENIED` if there is none, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: seldom, a few bytes. Progress: blocks for an instant beside another permit.
//
// Asked of the caller: `gate` is NULL or not closed; `out` can be written.
hl_status hl_gate_try_probe(const hl_gate *gate, hl_permit *out);

// The same through two gates together, which may be the same one, and for any intent.
//
// As `hl_gate_try_probe`; `HL_ERR_ARGUMENT` for an intent that is none, `HL_ERR_NOT_ALLOWED` for gates of two Systems.
//
// Threads: any, at once. Signals: no. Allocates: seldom, a few bytes. Progress: blocks for an instant beside another permit.
//
// Asked of the caller: Each gate is NULL or not closed; `out` can be written.
hl_status hl_gate_try_probe2(const hl_gate *instrument, const hl_gate *account, uint32_t intent, hl_permit *out);

// The order went through as it should; the last probe that a breaker asks for ends its Cooldown. Takes the permit, and zeroes it.
//
// `HL_ERR_STALE` the second time and after its System has closed, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
//
// Asked of the caller: `permit` is NULL or can be read and written.
hl_status hl_permit_passed(hl_permit *permit);

// The order failed in the way that the breaker guards against: it trips again. Takes the permit, and zeroes it.
//
// As `hl_permit_passed`.
//
// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
//
// Asked of the caller: `permit` is NULL or can be read and written.
hl_status hl_permit_failed(hl_permit *permit);

// Nothing came of the order that says anything: gives the permit back as if it had never been taken, and zeroes it.
//
// As `hl_permit_passed`.
//
// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
//
// Asked of the caller: `permit` is NULL or can be read and written.
hl_status hl_permit_release(hl_permit *permit);

// Claims the feed of a scope for one thread at a time. Observations go into it; the breakers that watch the scope react at once, on
// the thread that tells. Times are those of the observations, in nanoseconds since 1970: they must not run backwards by more than
// `max_backstep`, nor be ahead of the System's by more than `max_ahead`. What is refused changes nothing and is counted.
//
// `HL_ERR_CLAIMED` if somebody holds it, `HL_ERR_BAD_SCOPE`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_CLOSED`,
// `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside other control calls.
//
// Asked of the caller: `scope` ends with a NUL; `out` can be written.
hl_status hl_feed_open(hl_system system, const char *scope, hl_feed **out);

// Gives the feed back, windows and all, so that another thread can claim it, and sets the pointer to NULL; NULL and a pointer to NULL
// are left as they are. Copies of the pointer must not be used any more.
//
// Threads: one. Signals: no. Allocates: no. Progress: blocks for an instant beside a reload.
//
// Asked of the caller: `*feed` is NULL or a feed that is not closed.
void hl_feed_close(hl_feed **feed);

// A trade: its price in units of 1e-9, its quantity in lots. One with `HL_TRADE_INELIGIBLE` says no price: time passes.
//
// `HL_ERR_BAD_INPUT` if the price is not positive, the quantity negative, the time runs backwards, too far ahead, or more than a year behind;
// `HL_ERR_ARGUMENT`
// for other flags, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_trade(hl_feed *feed, int64_t price, int64_t qty, uint32_t flags, uint64_t ts_ns);

// The best bid and ask, in units of 1e-9. A crossed or locked book is no error. With `HL_NO_PRICE` on a side there is neither a middle nor
// a spread, and the other side is heard all the same: an offer at the lower price band is a limit state also where nobody bids. A side
// that nobody quotes counts as beyond every band.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_quote(hl_feed *feed, int64_t bid, int64_t ask, uint64_t ts_ns);

// The official close of a session, in units of 1e-9, and its date, as 20200309: the reference of the session after it.
//
// `HL_ERR_BAD_INPUT` as for a trade, also for a date that does not exist; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_reference(hl_feed *feed, int64_t price, uint32_t session_yyyymmdd, uint64_t ts_ns);

// The equity of the account, marked to market, in units of 1e-4.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_equity(hl_feed *feed, int64_t equity, uint64_t ts_ns);

// A gain (positive) or a loss that has been booked, in units of 1e-4; 0 says that nothing was.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_pnl(hl_feed *feed, int64_t delta, uint64_t ts_ns);

// A deposit (positive) or a withdrawal, in units of 1e-4: moves the baselines, is no gain and no loss.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_flow(hl_feed *feed, int64_t amount, uint64_t ts_ns);

// What is held of an instrument from now on.
//
// `HL_ERR_BAD_INPUT` as for a trade, also if nothing is held and has a value, and if more positions are open than a breaker has room for;
// `HL_ERR_STRUCT_SIZE`, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed; `position` is as long as it says.
hl_status hl_feed_position(hl_feed *feed, const hl_position *position, uint64_t ts_ns);

// The margin of the account, in units of 1e-4: what is used of it, and what is left, which is negative in a deficit.
//
// `HL_ERR_BAD_INPUT` as for a trade, also if less than nothing is used; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_margin(hl_feed *feed, int64_t used, int64_t available, uint64_t ts_ns);

// How a call ended (`HL_OUTCOME_...`) that began `duration_ns` before `ts_ns`; who does not measure gives 0.
//
// `HL_ERR_BAD_INPUT` as for a trade, also for a call that would have begun before 1970; `HL_ERR_ARGUMENT` for an outcome that is none,
// `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_outcome(hl_feed *feed, uint32_t outcome, uint64_t duration_ns, uint64_t ts_ns);

// Time passes; nothing else is new. Closes samples; does not count as hearing from the source.
//
// `HL_ERR_BAD_INPUT` if the time runs backwards or too far ahead; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_heartbeat(hl_feed *feed, uint64_t ts_ns);

// What the venue says of itself: `HL_VENUE_...`.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_ARGUMENT` for a status that is none, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_venue(hl_feed *feed, uint32_t status, uint64_t ts_ns);

// A message of a numbered stream has come: its number, when the source sent it and when it was received. Gaps, repeats and wrong orders are
// no errors but the news.
//
// `HL_ERR_BAD_INPUT` if the time of receiving runs backwards or too far ahead; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_sequence(hl_feed *feed, uint64_t seq, uint64_t sent_ns, uint64_t received_ns);

// A check before the open has passed or failed; `hl_check_find` gives its number.
//
// `HL_ERR_UNKNOWN` if no breaker that listens asks for it; `HL_ERR_BAD_INPUT` as for a trade, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_check(hl_feed *feed, uint32_t check_id, bool passed, uint64_t ts_ns);

// Whether a prediction of the model has come true, told when that is known.
//
// `HL_ERR_BAD_INPUT` as for a trade; `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_prediction(hl_feed *feed, bool right, uint64_t ts_ns);

// A value made elsewhere, in the breaker's unit, for one breaker that takes such.
//
// `HL_ERR_UNKNOWN` if the breaker does not listen to this feed, `HL_ERR_STALE` if it is one of another System; `HL_ERR_BAD_INPUT` also for
// what is no number, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `feed` is NULL or not closed.
hl_status hl_feed_reading(hl_feed *feed, hl_breaker breaker, double value, uint64_t ts_ns);

// The number of a check before the open, for `hl_feed_check`. It stays the same through reloads.
//
// `HL_ERR_UNKNOWN` if no breaker asks for a check of that name; `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
//
// Asked of the caller: `name` ends with a NUL; `out` can be written.
hl_status hl_check_find(hl_system system, const char *name, uint32_t *out);

// Opens a tally on a scope, one for each thread that tells. The first one claims the scope's feed, and the last one that is closed
// gives it back: a scope has either a feed or tallies. What they tell is heard as one feed hears it, in the order of time; nothing that
// was accepted is lost. If another thread is at it, that one hears, and perhaps only after the call has returned.
//
// `HL_ERR_FULL` beyond `HL_TALLY_HANDLES` of a scope; else as `hl_feed_open`.
//
// Threads: any, at once. Signals: no. Allocates: yes, 300 KB for the first of a scope. Progress: blocks beside other control calls.
//
// Asked of the caller: `scope` ends with a NUL; `out` can be written.
hl_status hl_tally_open(hl_system system, const char *scope, hl_tally **out);

// Closes a tally and sets the pointer to NULL; NULL and a pointer to NULL are left as they are. What it has told is heard all the
// same. Copies of the pointer must not be used any more.
//
// Threads: one. Signals: no. Allocates: no. Progress: blocks for an instant beside another opening or closing.
//
// Asked of the caller: `*tally` is NULL or a tally that is not closed.
void hl_tally_close(hl_tally **tally);

// Asks before a call whether it may be made, as the gate of the scope does: `HL_OK` and a permit. While nothing denies an order that
// increases exposure there, it is one of nothing, which costs nothing; while what denies it is half open, it is a probe's. Give
// it to `hl_tally_outcome` when the call has ended.
//
// `HL_ERR_DENIED` if the call is not to be made; `HL_ERR_NULL`.
//
// Threads: one at a time. Signals: no. Allocates: no; for a probe a few bytes. Progress: wait-free while nothing denies.
//
// Asked of the caller: `tally` is NULL or not closed; `out` can be written.
hl_status hl_tally_admit(hl_tally *tally, hl_permit *out);

// How the call ended that was admitted by this permit (a zeroed one is none): `HL_OUTCOME_...`, and how long it took. A success
// that is accepted passes a probe, a failure fails it, anything else gives it back. The permit is used up, whatever comes back.
//
// `HL_ERR_STALE` for a permit that was used before or is of another System, and then nothing is told; `HL_ERR_FULL` if another thread has been stopped amid hearing
// for too long, `HL_ERR_BAD_INPUT`, `HL_ERR_ARGUMENT`, `HL_ERR_CLOSED`, `HL_ERR_NULL` as for a feed.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears; for a probe it blocks for
// an instant.
//
// Asked of the caller: `tally` is NULL or not closed.
hl_status hl_tally_outcome(hl_tally *tally, hl_permit permit, uint32_t outcome, uint64_t duration_ns, uint64_t ts_ns);

// A gain (positive) or a loss that has been booked, in units of 1e-4.
//
// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
//
// Asked of the caller: `tally` is NULL or not closed.
hl_status hl_tally_pnl(hl_tally *tally, int64_t delta, uint64_t ts_ns);

// A deposit (positive) or a withdrawal, in units of 1e-4.
//
// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
//
// Asked of the caller: `tally` is NULL or not closed.
hl_status hl_tally_flow(hl_tally *tally, int64_t amount, uint64_t ts_ns);

// Whether a prediction of the model has come true.
//
// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
//
// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
//
// Asked of the caller: `tally` is NULL or not closed.
hl_status hl_tally_prediction(hl_tally *tally, bool right, uint64_t ts_ns);

// Trips a breaker by hand; it stays tripped until somebody resets it. When this has returned every check on any thread denies. One that is
// tripped already is tripped anew: who has seen only the trip before does not reset this one. A halt is not refused for its words: what
// is too long is cut, what cannot be is replaced.
//
// `HL_ERR_NOT_ALLOWED` for a kill switch, which `hl_emergency_stop` pulls, and for one that is disabled or a shadow: it would deny nothing.
// And, as all that follow: `HL_ERR_AUTHORITY`, `HL_ERR_WRONG_STATUS`, `HL_ERR_STALE`, `HL_ERR_ARGUMENT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
// Those that follow also `HL_ERR_BAD_INPUT` for texts that are too long or hold control characters, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_trip(hl_system system, hl_breaker breaker, const char *reason, const char *actor, uint32_t authority);

// Resets the trip that the operator saw: `seen` is the `stamp` of its `hl_breaker_info`, or `after` of its event. Permits restarting,
// does not restart; goes to Cooldown where the policy has one.
//
// `HL_ERR_NEWER_TRIP`, `HL_ERR_CAUSE_STANDS`, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_reset(hl_system system, hl_breaker breaker, uint64_t seen, const char *reason, const char *actor, uint32_t authority);

// As `hl_reset`, also on a standing cause; asks one authority more.
//
// `HL_ERR_NEWER_TRIP`, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_force_reset(hl_system system, hl_breaker breaker, uint64_t seen, const char *reason, const char *actor, uint32_t authority);

// Sets the baseline of a drawdown, or the opening of a liquidation, anew, in units of 1e-4. It counts from the feed's next mark on. Asks
// `HL_AUTHORITY_RISK_DESK`.
//
// `HL_ERR_NOT_ALLOWED` for a kind without a baseline, `HL_ERR_BAD_INPUT` for one that is not positive, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside other control calls.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_rebase(hl_system system, hl_breaker breaker, int64_t baseline, const char *reason, const char *actor, uint32_t authority);

// Has the book reduced: until `hl_liquidated` orders that reduce it pass, and no others. Asks `HL_AUTHORITY_RISK_DESK`.
//
// `HL_ERR_NOT_ALLOWED` for a kill switch, which reduces nothing, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_liquidate(hl_system system, hl_breaker breaker, const char *reason, const char *actor, uint32_t authority);

// The book has been reduced: the breaker is tripped from now on, and latched, until somebody resets it. Asks
// `HL_AUTHORITY_RISK_DESK`.
//
// `HL_ERR_WRONG_STATUS` unless it is liquidating, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_liquidated(hl_system system, hl_breaker breaker, const char *reason, const char *actor, uint32_t authority);

// Takes a breaker out of service: it denies like tripped, its readings decide nothing, a reset ends it. Asks
// `HL_AUTHORITY_RISK_DESK`.
//
// `HL_ERR_NOT_ALLOWED` for a disabled one alone: a kill switch may be maintained, too. Otherwise as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_maintain(hl_system system, hl_breaker breaker, const char *reason, const char *actor, uint32_t authority);

// Puts a breaker into force, or out of it: one that is disabled denies nothing. A change of its policy, until the next reload says
// otherwise. Asks `HL_AUTHORITY_RISK_DESK`, and what its policy asks of a reset.
//
// As `hl_policy_update`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_enable(hl_system system, hl_breaker breaker, bool enabled, const char *reason, const char *actor, uint32_t authority);

// A drill: everybody who hears of trips hears of this one, and nothing is denied.
//
// As `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_drill(hl_system system, hl_breaker breaker, const char *reason, const char *actor, uint32_t authority);

// Pulls the kill switch of a scope: everything in it is denied but cancels, until an administrator clears it. `source` is
// `HL_SOURCE_...`; no authority is too low, and it is not refused for its words. One that is pulled already is pulled anew; clearing ends
// all of them.
//
// `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_NOT_ALLOWED` if its kill switch does not allow this source, and as
// `hl_trip`: then nothing was stopped.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; beside a reload that replaces the switch, for it.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_emergency_stop(hl_system system, const char *scope, uint32_t source, const char *reason, const char *actor, uint32_t authority);

// Ends an emergency stop. The other breakers have kept their own state and show it. Asks `HL_AUTHORITY_ADMIN`.
//
// `HL_ERR_WRONG_STATUS` if there is none, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_clear_emergency_stop(hl_system system, const char *scope, const char *reason, const char *actor, uint32_t authority);

// Denies every order but cancels in a System, at once. Needs no authority; the way back is `hl_rearm`. It wakes the thread that hands
// on events, which tells of it; a manual System tells of it in the next `hl_drain`. Leaves `hl_last_error` as it is.
//
// `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
hl_status hl_kill(hl_system system);

// The same in every System of this process, those that were not opened here included; the latter tell of it with their next event.
//
// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
hl_status hl_kill_all(void);

// The kill word as an operator sees it, for `hl_rearm`.
//
// `HL_ERR_NULL`, `HL_ERR_STALE`.
//
// Threads: any, at once. Signals: no. Allocates: no. Progress: lock-free.
//
// Asked of the caller: `out` can be written.
hl_status hl_kill_word(hl_system system, uint64_t *out);

// Ends a kill, if the kill word is still the one that the operator saw. Asks `HL_AUTHORITY_ADMIN`.
//
// `HL_ERR_NEWER_TRIP` if it was killed again, `HL_ERR_CLOSED` after the shutdown, and as `hl_trip`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: The texts end with a NUL.
hl_status hl_rearm(hl_system system, uint64_t seen, const char *reason, const char *actor, uint32_t authority);

// The policy of a breaker as it stands. `fields` names all that this says of it: not `HL_POLICY_HALT` where a ladder says how long.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: seldom. Progress: lock-free.
//
// Asked of the caller: `out` can be written.
hl_status hl_policy_get(hl_system system, hl_breaker breaker, hl_policy *out);

// Changes the part of a breaker's policy that `fields` names; the rest stays, and so does its state: what is tripped stays tripped. Until
// the next reload says otherwise. Asks `HL_AUTHORITY_RISK_DESK`, and what the policy asks of a reset.
//
// `HL_ERR_BAD_PLAN` for a policy that cannot be, `HL_ERR_AUTHORITY`, `HL_ERR_NOT_ALLOWED` for an instance of a template or the kill
// switch that a scope has by itself, `HL_ERR_ARGUMENT`, `HL_ERR_STRUCT_SIZE`, and as `hl_trip`. Nothing has changed then.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
//
// Asked of the caller: `policy` is as long as it says; the texts end with a NUL.
hl_status hl_policy_update(hl_system system, hl_breaker breaker, const hl_policy *policy, const char *reason, const char *actor, uint32_t authority);

// Subscribes to events. With a `function`: called on a thread of the subscription's own, in a manual System inside `hl_drain`; a
// slow one costs nobody else. Without: ask by `hl_poll_events` or `hl_wait_events`. First everybody is told where each breaker is that
// is not simply active. What does not fit is counted, and told by `HL_EVENT_GAP`: events may be lost, states may not. The function may
// be called before this returns, so before `out` is written.
//
// `HL_ERR_FULL` beyond `max_subscribers`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_BAD_INPUT` for numbers that cannot
// be and a name with control characters, `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_BAD_SCOPE`, `HL_ERR_CLOSED`, `HL_ERR_PLATFORM` without a thread, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: `options` is as long as it says, its texts end with a NUL, its function may be called on another thread; `out` can be written.
hl_status hl_subscribe(hl_system system, const hl_subscribe_options *options, hl_subscription *out);

// Ends a subscription; its handle is stale then. `HL_OK`: its callback is not running, and will not run. `HL_PENDING`: it will not
// start again, but may still be running, after `timeout_ns`, or because this is called in a callback, which waits neither for itself
// nor for another.
//
// `HL_ERR_STALE` the second time, and after its System has closed if it has a callback.
//
// Threads: any, at once. Signals: no. Allocates: no. Progress: blocks for at most `timeout_ns`.
hl_status hl_unsubscribe(hl_subscription subscription, uint64_t timeout_ns);

// Takes what waits for a subscription without a function: at most `cap` events, in order; `n` is how many, 0 if there is nothing.
//
// `HL_ERR_CLOSED` when its System has closed and everything was taken; `HL_ERR_NOT_ALLOWED` for one with a function, `HL_ERR_STALE`,
// `HL_ERR_NULL`.
//
// Threads: any, at once; each event goes to one. Signals: no. Allocates: seldom. Progress: blocks beside another one that asks.
//
// Asked of the caller: `buf` has room for `cap`; `n` can be written.
hl_status hl_poll_events(hl_subscription subscription, hl_event *buf, size_t cap, size_t *n);

// The same, and waits for the first event for at most `timeout_ns`.
//
// As `hl_poll_events`.
//
// Threads: any, at once; each event goes to one. Signals: no. Allocates: seldom. Progress: blocks for at most `timeout_ns`, and
// beside another one that asks.
//
// Asked of the caller: `buf` has room for `cap`; `n` can be written.
hl_status hl_wait_events(hl_subscription subscription, hl_event *buf, size_t cap, uint64_t timeout_ns, size_t *n);

// How the subscribers of a System do, in the order in which they came. At most `cap` are written, `n` is how many there are;
// `HL_TRUNCATED` if they are more.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: `buf` has room for `cap`; `n` can be written.
hl_status hl_subscribers(hl_system system, hl_subscriber_info *buf, size_t cap, size_t *n);

// What is behind the numbers of an event: names as they are now. Of a breaker that is gone, and whose line is used again, nothing is
// known.
//
// `HL_ERR_STALE` also for an event of another System; `HL_ERR_ARGUMENT` for numbers that no event has, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: `event` can be read; `out` can be written.
hl_status hl_event_details(hl_system system, const hl_event *event, hl_event_text *out);

// How everything stands.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks while another one asks; not for the order path.
//
// Asked of the caller: `out` can be written.
hl_status hl_status_get(hl_system system, hl_system_status *out);

// The handle of a breaker. It names this one for ever: after a reload that removes it, it is stale.
//
// `HL_ERR_UNKNOWN` if there is none of that name; `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
//
// Asked of the caller: `name` ends with a NUL; `out` can be written.
hl_status hl_breaker_find(hl_system system, const char *name, hl_breaker *out);

// All breakers, by number, the kill switches of the scopes included. At most `cap` are written, `n` is how many there are;
// `HL_TRUNCATED` if they are more.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free; O(breakers).
//
// Asked of the caller: `buf` has room for `cap`; `n` can be written.
hl_status hl_breakers(hl_system system, hl_breaker_info *buf, size_t cap, size_t *n);

// One breaker, as it is now.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
//
// Asked of the caller: `out` can be written.
hl_status hl_breaker_status(hl_system system, hl_breaker breaker, hl_breaker_info *out);

// What one breaker has counted since it was put into service.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
//
// Asked of the caller: `out` can be written.
hl_status hl_breaker_stats(hl_system system, hl_breaker breaker, hl_breaker_counts *out);

// What has been counted since the start.
//
// `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks while another one asks.
//
// Asked of the caller: `out` can be written.
hl_status hl_statistics(hl_system system, hl_system_statistics *out);

// The last events that are wanted, the oldest first: the newest `cap` of them are written. `n` is how many are held that are wanted;
// `HL_TRUNCATED` if that is more than `cap`. In a manual System what has been drained.
//
// `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_BAD_SCOPE`, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; O(history).
//
// Asked of the caller: `past` is as long as it says, its scope ends with a NUL; `buf` has room for `cap`; `n` can be written.
hl_status hl_history(hl_system system, const hl_past *past, hl_event *buf, size_t cap, size_t *n);

// The name of what a number stands for: `what` is `HL_NAME_...`. It fits into `HL_NAME_BYTES`; `HL_TRUNCATED` if it does not fit into
// `len`. For words, from `HL_NAME_KIND` on, no System is asked, and any handle will do.
//
// `HL_ERR_UNKNOWN` if there is nothing of that number; `HL_ERR_ARGUMENT` for another `what`, `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
//
// Asked of the caller: `buf` has room for `len` bytes.
hl_status hl_name(hl_system system, uint32_t what, uint64_t id, char *buf, size_t len);

// Tells the breakers that are polled what is known now, at the System's time, and says how everything stands after it. A number that is
// none is refused and counted on its breakers, the others hear theirs all the same. After a shutdown nothing is heard, and nobody can
// trade.
//
// `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_STALE`, `HL_ERR_NULL`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks while another one evaluates; not for the order path.
//
// Asked of the caller: `metrics` and `market` are as long as they say; `out` can be written.
hl_status hl_evaluate(hl_system system, const hl_metrics *metrics, const hl_market_conditions *market, hl_system_status *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


// Opens a System: see `hl_system_open_v1`, which this calls with what the program was compiled with. A library of another layout
// refuses with `HL_ERR_ABI`.
//
// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks.
HL_INLINE hl_status hl_system_open(const hl_options *options, hl_system *out) {
    hl_sizes sizes = {
        HL_U32(sizeof(hl_sizes)),
        HL_U32(sizeof(hl_gate)),
        HL_U32(sizeof(hl_verdict)),
        HL_U32(sizeof(hl_event)),
        HL_U32(sizeof(hl_denial)),
        HL_U32(sizeof(hl_system_status)),
        HL_U32(sizeof(hl_breaker_info)),
        HL_U32(sizeof(hl_breaker_counts)),
        HL_U32(sizeof(hl_system_statistics)),
        HL_U32(sizeof(hl_event_text)),
        HL_U32(sizeof(hl_subscriber_info)),
        HL_U32(sizeof(hl_policy)),
    };
    return hl_system_open_v1(options, HL_ABI_VERSION, &sizes, out);
}

#endif // HALTLINE_H
