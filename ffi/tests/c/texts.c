/* Texts: without an end, right before memory that cannot be read, not UTF-8, and 10 MB long. */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static hl_system system_;
static hl_breaker desk;
static unsigned taken;

/* Every function that takes a text up to its NUL, as often as it takes one; `expected`, unless it is HL_OK: then anything but a crash. */
static void give_all(const char *file, int line, const char *text, hl_status expected) {
    hl_gate *gate = NULL;
    hl_feed *feed = NULL;
    hl_tally *tally = NULL;
    hl_subscription subscription;
    hl_breaker breaker;
    hl_options options = manual("");
    hl_subscribe_options named = subscriber(NULL, NULL), scoped = named;
    hl_policy policy;
    hl_past past;
    hl_system opened;
    uint32_t check;
    size_t n;
    memset(&policy, 0, sizeof policy), memset(&past, 0, sizeof past);
    policy.struct_size = sizeof policy, past.struct_size = sizeof past;
    options.config = NULL, options.path = text;
    named.name = text, scoped.filter.scope = text, past.filter.scope = text;
    const uint32_t admin = HL_AUTHORITY_ADMIN;
    const char *two[] = {"XNAS", text};
#define GIVE_FOR(wanted, call)                                                                                         \
    do {                                                                                                               \
        hl_status found = call;                                                                                        \
        gives(file, line, #call, found, expected == HL_OK ? found : wanted);                                           \
        taken++;                                                                                                       \
    } while (0)
#define GIVE(call) GIVE_FOR(expected, call)
    GIVE(hl_system_open(&options, &opened));
    GIVE(hl_system_reload_file(system_, text));
    GIVE(hl_declare(system_, two, 2));
    GIVE(hl_gate_open(system_, two, 2, &gate));
    GIVE(hl_feed_open(system_, text, &feed));
    GIVE(hl_tally_open(system_, text, &tally));
    GIVE(hl_check_find(system_, text, &check));
    GIVE(hl_breaker_find(system_, text, &breaker));
    GIVE(hl_subscribe(system_, &named, &subscription));
    GIVE(hl_subscribe(system_, &scoped, &subscription));
    GIVE(hl_history(system_, &past, NULL, 0, &n));
    GIVE(hl_emergency_stop(system_, text, HL_SOURCE_MANUAL, "", "tom", admin));
    GIVE(hl_clear_emergency_stop(system_, text, "", "tom", admin));
#define GIVE_BOTH(function, ...)                                                                                       \
    GIVE(function(system_, __VA_ARGS__, text, "tom", admin));                                                          \
    GIVE(function(system_, __VA_ARGS__, "", text, admin))
    GIVE_BOTH(hl_clear_emergency_stop, "XNAS");
    GIVE_BOTH(hl_reset, desk, 0);
    GIVE_BOTH(hl_force_reset, desk, 0);
    GIVE_BOTH(hl_rebase, desk, 1);
    GIVE_BOTH(hl_liquidate, desk);
    GIVE_BOTH(hl_liquidated, desk);
    GIVE_BOTH(hl_maintain, desk);
    GIVE_BOTH(hl_enable, desk, true);
    GIVE_BOTH(hl_drill, desk);
    GIVE_BOTH(hl_policy_update, desk, &policy);
    GIVE_BOTH(hl_rearm, 0);
    /* A halt is not refused for its words. */
    /* Out of whatever the calls above have led to. */
    (void)hl_clear_emergency_stop(system_, "XNAS", "", "root", admin);
    (void)hl_force_reset(system_, desk, info_of(system_, "desk").stamp, "", "root", admin);
    (void)hl_enable(system_, desk, true, "", "root", admin);
    GIVE_FOR(HL_OK, hl_trip(system_, desk, text, "tom", admin));
    GIVE_FOR(HL_OK, hl_trip(system_, desk, "", text, admin));
    GIVE_FOR(HL_OK, hl_emergency_stop(system_, "XNAS", HL_SOURCE_MANUAL, text, "tom", admin));
    GIVE_FOR(HL_OK, hl_emergency_stop(system_, "XNAS", HL_SOURCE_MANUAL, "", text, admin));
    if (expected != HL_OK) {
        OK(hl_clear_emergency_stop(system_, "XNAS", "", "root", admin));
        OK(hl_reset(system_, desk, info_of(system_, "desk").stamp, "", "ann", admin));
    }
    hl_gate_close(&gate), hl_feed_close(&feed), hl_tally_close(&tally);
}
#define GIVE_ALL(text, expected) give_all(__FILE__, __LINE__, text, expected)

static void a_text_without_an_end_is_not_read_beyond_its_room(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), most = HL_TEXT_BYTES + 1, length = (most / page + 1) * page;
    char *room = mmap(NULL, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = room + length;
    CHECK(room != MAP_FAILED && mprotect(end, page, PROT_NONE) == 0);
    memset(room, 'a', length);
    GIVE_ALL(end - most, HL_ERR_TOO_LONG);
    SAME(info_of(system_, "desk").status, HL_STATUS_ACTIVE);
    /* The last byte that can be read ends it. */
    end[-1] = 0;
    GIVE_ALL(end - 1, HL_OK);
    GIVE_ALL(end - 2, HL_OK);
    GIVE_ALL(end - most, HL_OK);
    /* Texts with a length need no end. */
    memcpy(end - strlen(DESK), DESK, strlen(DESK));
    OK(hl_config_check(end - strlen(DESK), strlen(DESK)));
    OK(hl_system_reload(system_, end - strlen(DESK), strlen(DESK)));
    hl_options options = manual("");
    options.config = end - strlen(DESK), options.config_len = strlen(DESK);
    hl_system system = open_with(options);
    OK(hl_system_close(system, 0));
    munmap(room, length + page);
}

static void what_is_not_utf8_is_refused(void) {
    const char *bad[] = {"\xff", "a\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "XNAS/\xe2\x82"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        GIVE_ALL(bad[i], HL_ERR_UTF8);
        GIVES(HL_ERR_UTF8, hl_config_check(bad[i], strlen(bad[i])));
        GIVES(HL_ERR_UTF8, hl_system_reload(system_, bad[i], strlen(bad[i])));
    }
}

static void ten_megabytes_are_too_long(void) {
    const size_t length = 10 * 1024 * 1024;
    char *text = malloc(length + 1);
    CHECK(text != NULL);
    const char fill[] = {'a', '#', '\n', '[', '='};
    for (size_t i = 0; i < COUNT(fill); i++) {
        memset(text, fill[i], length);
        text[length] = 0;
        GIVE_ALL(text, HL_ERR_TOO_LONG);
        GIVES(HL_ERR_CONFIG, hl_config_check(text, length));
        GIVES(HL_ERR_CONFIG, hl_system_reload(system_, text, length));
        hl_options options = manual("");
        hl_system system;
        options.config = text, options.config_len = length;
        GIVES(HL_ERR_CONFIG, hl_system_open(&options, &system));
    }
    free(text);
    /* As many texts as nobody has. */
    const char *one = "XNAS";
    hl_gate *gate;
    GIVES(HL_ERR_ARGUMENT, hl_declare(system_, &one, SIZE_MAX));
    GIVES(HL_ERR_ARGUMENT, hl_gate_open(system_, &one, HL_LIST_LENGTH + 1, &gate));
    GIVES(HL_ERR_ARGUMENT, hl_config_check(one, SIZE_MAX));
}

static void the_longest_names_fit(void) {
    char scope[129];
    hl_breaker_info infos[64];
    size_t n;
    memset(scope, 'a', sizeof scope), scope[sizeof scope - 1] = 0;
    hl_gate *gate = gate_on(system_, scope);
    OK(hl_emergency_stop(system_, scope, HL_SOURCE_MANUAL, "", "tom", HL_AUTHORITY_ADMIN));
    OK(hl_breakers(system_, infos, COUNT(infos), &n));
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        found |= strcmp(infos[i].scope, scope) == 0;
    }
    CHECK(found);
    hl_gate_close(&gate);
}

int main(void) {
    system_ = open_manual(DESK);
    desk = breaker_of(system_, "desk");
    a_text_without_an_end_is_not_read_beyond_its_room();
    what_is_not_utf8_is_refused();
    ten_megabytes_are_too_long();
    the_longest_names_fit();
    CHECK(taken > 0);
    OK(hl_system_close(system_, 0));
}
