/* The life of a System: opened, reloaded, told the time, closed. */
#include <pthread.h>
#include <unistd.h>

#include "check.h"

static const char two_desks[] = DESK "[[breaker]]\nname = \"second\"\nkind = \"manual\"\nscope = \"XNYS\"\n";

static void versions_and_words(void) {
    SAME(hl_abi_version(), HL_ABI_VERSION);
    for (hl_status status = HL_ERR_OTHER - 3; status <= HL_WARNED + 3; status++) {
        const char *words = hl_status_str(status);
        CHECK(words != NULL && *words != 0);
    }
    CHECK(strcmp(hl_status_str(HL_OK), hl_status_str(HL_ERR_OTHER)) != 0);
    CHECK(strcmp(hl_status_str(INT32_MIN), hl_status_str(INT32_MAX)) == 0);
}

static void *fails_elsewhere(void *length) {
    SAME(hl_last_error(NULL, 0), 0);
    GIVES(HL_ERR_NULL, hl_permit_passed(NULL));
    *(size_t *)length = hl_last_error(NULL, 0);
    return NULL;
}

static void the_last_error_is_the_last_failure_of_this_thread(void) {
    char text[64], start[8];
    SAME(hl_last_error(text, sizeof text), 0);
    SAME(text[0], 0);
    GIVES(HL_ERR_CONFIG, hl_config_check("[[breaker]]\n", 12));
    size_t length = hl_last_error(NULL, 0);
    CHECK(length > 0 && length < HL_ERROR_BYTES);
    SAME(hl_last_error(start, sizeof start), length);
    SAME(strlen(start), sizeof start - 1);
    SAME(memcmp(start, "config:", 7), 0);
    /* Another thread has its own. */
    pthread_t thread;
    size_t other = 0;
    SAME(pthread_create(&thread, NULL, fails_elsewhere, &other), 0);
    SAME(pthread_join(thread, NULL), 0);
    CHECK(other > 0 && other != length);
    SAME(hl_last_error(NULL, 0), length);
    /* A success leaves it. */
    OK(hl_config_check(DESK, strlen(DESK)));
    SAME(hl_last_error(NULL, 0), length);
}

static void a_system_is_opened_by_a_text_and_closed(void) {
    hl_system system = open_manual(DESK);
    uint64_t now;
    OK(hl_now(system, &now));
    SAME(now, START);
    OK(hl_advance(system, START + MINUTE));
    OK(hl_now(system, &now));
    SAME(now, START + MINUTE);
    GIVES(HL_ERR_BAD_INPUT, hl_advance(system, UINT64_MAX));
    OK(hl_now(system, &now));
    SAME(now, START + MINUTE);
    /* Time does not run backwards. */
    OK(hl_advance(system, START));
    OK(hl_now(system, &now));
    SAME(now, START + MINUTE);
    OK(hl_system_close(system, 0));
    GIVES(HL_ERR_STALE, hl_system_close(system, 0));
    GIVES(HL_ERR_STALE, hl_now(system, &now));
}

static void a_system_of_another_layout_is_refused(void) {
    hl_options options = manual(DESK);
    hl_system system = {7};
    hl_sizes sizes = {
        sizeof sizes,          sizeof(hl_gate),          sizeof(hl_verdict),        sizeof(hl_event),
        sizeof(hl_denial),     sizeof(hl_system_status), sizeof(hl_breaker_info),   sizeof(hl_breaker_counts),
        sizeof(hl_system_statistics), sizeof(hl_event_text), sizeof(hl_subscriber_info), sizeof(hl_policy)};
    GIVES(HL_ERR_ABI, hl_system_open_v1(&options, HL_ABI_VERSION + 1, &sizes, &system));
    sizes.event -= 8;
    GIVES(HL_ERR_ABI, hl_system_open_v1(&options, HL_ABI_VERSION, &sizes, &system));
    /* Nothing is written by a failure. */
    SAME(system.bits, 7);
    sizes.event += 8;
    OK(hl_system_open_v1(&options, HL_ABI_VERSION, &sizes, &system));
    OK(hl_system_close(system, 0));
}

static void options_that_mean_nothing_are_refused(void) {
    hl_options good = manual(DESK), options;
    hl_system system;
    options = good;
    options.mode = 2;
    GIVES(HL_ERR_ARGUMENT, hl_system_open(&options, &system));
    options = good;
    options.path = "risk.toml";
    GIVES(HL_ERR_ARGUMENT, hl_system_open(&options, &system));
    options = good;
    options.config = NULL, options.config_len = 0;
    GIVES(HL_ERR_ARGUMENT, hl_system_open(&options, &system));
    options = good;
    options.mode = HL_THREADED, options.idle = 2;
    GIVES(HL_ERR_ARGUMENT, hl_system_open(&options, &system));
    options = good;
    options.config = "breaker = 7", options.config_len = 11;
    GIVES(HL_ERR_CONFIG, hl_system_open(&options, &system));
}

static void a_reload_is_whole_or_nothing(void) {
    hl_system system = open_manual(DESK);
    hl_breaker second;
    OK(hl_trip(system, breaker_of(system, "desk"), "wild router", "tom", HL_AUTHORITY_TRADER));
    GIVES(HL_ERR_CONFIG, hl_system_reload(system, "x", 1));
    GIVES(HL_ERR_UNKNOWN, hl_breaker_find(system, "second", &second));
    OK(hl_system_reload(system, two_desks, strlen(two_desks)));
    OK(hl_breaker_find(system, "second", &second));
    /* What is tripped stays tripped. */
    SAME(info_of(system, "desk").status, HL_STATUS_TRIPPED);
    OK(hl_system_reload(system, DESK, strlen(DESK)));
    hl_breaker_info info;
    GIVES(HL_ERR_STALE, hl_breaker_status(system, second, &info));
    OK(hl_system_close(system, 0));
}

static void a_reload_that_lets_a_trip_go_says_so(void) {
    static const char *const others[] = {DESK "shadow = true\n", DESK "enabled = false\n", "[[breaker]]\nname = \"other\"\nkind = \"manual\"\nscope = \"XNAS\"\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        hl_system system = open_manual(DESK);
        OK(hl_trip(system, breaker_of(system, "desk"), "wild router", "tom", HL_AUTHORITY_TRADER));
        GIVES(HL_WARNED, hl_system_reload(system, others[i], strlen(others[i])));
        char text[512];
        OK(hl_config_warnings(system, text, sizeof text));
        CHECK(strstr(text, "breaker \"desk\" denied before") == text);
        /* Nothing is let go now. */
        OK(hl_system_reload(system, others[i], strlen(others[i])));
        OK(hl_system_close(system, 0));
    }
}

static void a_reload_does_not_change_system_and_says_so(void) {
    static const char other[] = "[system]\nmax_ahead = \"1h\"\n" DESK;
    hl_system system = open_manual(DESK);
    GIVES(HL_WARNED, hl_system_reload(system, other, strlen(other)));
    char text[512];
    OK(hl_config_warnings(system, text, sizeof text));
    CHECK(strstr(text, "[system]") == text);
    OK(hl_system_reload(system, DESK, strlen(DESK)));
    OK(hl_system_close(system, 0));
}

static void a_system_is_opened_and_reloaded_by_a_file(void) {
    char path[] = "risk-XXXXXX.toml";
    int file = mkstemps(path, 5);
    CHECK(file >= 0);
    CHECK(write(file, two_desks, strlen(two_desks)) == (ssize_t)strlen(two_desks));
    hl_options options = manual("");
    options.config = NULL, options.path = path;
    hl_system system = open_with(options);
    breaker_of(system, "second");
    OK(hl_system_reload(system, DESK, strlen(DESK)));
    OK(hl_system_reload_file(system, path));
    breaker_of(system, "second");
    CHECK(close(file) == 0 && unlink(path) == 0);
    GIVES(HL_ERR_CONFIG, hl_system_reload_file(system, path));
    breaker_of(system, "second");
    OK(hl_system_close(system, 0));
}

static void a_calendar_that_ends_is_told_a_month_before(void) {
    static const char calendar[] = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nsessions = { mon-fri = [\"09:30\", \"16:00\"] }\n"
                                   "from = 2020-01-01\nto = 2020-04-30\n" DESK;
    hl_system system = open_manual(calendar);
    char text[512] = "";
    OK(hl_config_warnings(system, text, sizeof text));
    SAME(text[0], 0);
    /* START is 9 March; forty days on it ends within a month. */
    OK(hl_advance(system, START + 40ull * 86400 * SECOND));
    OK(hl_config_warnings(system, text, sizeof text));
    CHECK(strstr(text, "its last session is on 2020-04-30") != NULL);
    OK(hl_system_close(system, 0));
}

static void what_is_unusual_is_told(void) {
    hl_system system = open_manual(DESK "shadow = true\n");
    char text[512] = "", few[8];
    OK(hl_config_warnings(system, text, sizeof text));
    CHECK(strstr(text, "shadow") != NULL);
    GIVES(HL_TRUNCATED, hl_config_warnings(system, few, sizeof few));
    SAME(strlen(few), sizeof few - 1);
    OK(hl_system_reload(system, DESK, strlen(DESK)));
    OK(hl_config_warnings(system, text, sizeof text));
    SAME(text[0], 0);
    OK(hl_system_close(system, 0));
}

static void scopes_are_declared_all_or_none(void) {
    hl_system system = open_manual(DESK);
    const char *scopes[] = {"XLON/VOD", "XLON//VOD"}, *xlon = "XLON";
    hl_gate *gate;
    GIVES(HL_ERR_UNKNOWN, hl_gate_open(system, &xlon, 1, &gate));
    GIVES(HL_ERR_BAD_SCOPE, hl_declare(system, scopes, 2));
    GIVES(HL_ERR_UNKNOWN, hl_gate_open(system, &xlon, 1, &gate));
    OK(hl_declare(system, scopes, 1));
    OK(hl_gate_open(system, &xlon, 1, &gate));
    SAME(permitted(gate), ALL);
    hl_gate_close(&gate);
    CHECK(gate == NULL);
    OK(hl_system_close(system, 0));
}

static void time_and_events_of_a_threaded_system_are_its_own(void) {
    hl_system system = open_threaded(DESK);
    size_t told;
    uint64_t now;
    GIVES(HL_ERR_NOT_ALLOWED, hl_advance(system, START));
    GIVES(HL_ERR_NOT_ALLOWED, hl_drain(system, &told));
    OK(hl_now(system, &now));
    CHECK(now > START);
    OK(hl_system_close(system, UINT64_MAX));

    system = open_manual(DESK);
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_drain(system, &told));
    CHECK(told > 0);
    OK(hl_drain(system, &told));
    SAME(told, 0);
    OK(hl_system_close(system, 0));
}

static void a_process_has_sixty_four_systems(void) {
    hl_system systems[64], one_more;
    for (size_t i = 0; i < COUNT(systems); i++) {
        systems[i] = open_manual(DESK);
    }
    hl_options options = manual(DESK);
    GIVES(HL_ERR_FULL, hl_system_open(&options, &one_more));
    OK(hl_system_close(systems[17], 0));
    OK(hl_system_open(&options, &systems[17]));
    for (size_t i = 0; i < COUNT(systems); i++) {
        OK(hl_system_close(systems[i], 0));
    }
}

int main(void) {
    versions_and_words();
    the_last_error_is_the_last_failure_of_this_thread();
    a_system_is_opened_by_a_text_and_closed();
    a_system_of_another_layout_is_refused();
    options_that_mean_nothing_are_refused();
    a_reload_is_whole_or_nothing();
    a_reload_that_lets_a_trip_go_says_so();
    a_reload_does_not_change_system_and_says_so();
    a_system_is_opened_and_reloaded_by_a_file();
    a_calendar_that_ends_is_told_a_month_before();
    what_is_unusual_is_told();
    scopes_are_declared_all_or_none();
    time_and_events_of_a_threaded_system_are_its_own();
    a_process_has_sixty_four_systems();
}
