/* An account that loses too much: its orders are denied, its cancels pass, and the reject says why.
 *
 *   cc minimal.c $(pkg-config --cflags --libs haltline-static) && ./a.out
 */
#include <haltline.h>
#include <stdio.h>
#include <string.h>

static const char *config =
    "[[breaker]]\n"
    "name = \"drawdown\"\n"
    "kind = \"drawdown\"\n"
    "scope = \"acct/alpha\"\n"
    "limit = 0.08\n";

static int fail(void) {
    char text[HL_ERROR_BYTES];
    hl_last_error(text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return 1;
}

int main(void) {
    const uint64_t second = 1000000000, start = 1700000000 * second;
    const char *scopes[] = {"acct/alpha"};
    hl_options options;
    hl_system system;
    hl_gate *gate = NULL;
    hl_feed *marks = NULL;
    hl_denial denial;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.config = config;
    options.config_len = strlen(config);
    options.mode = HL_MANUAL; /* no threads: time is what we say */
    options.start_ns = start;
    if (hl_system_open(&options, &system) < 0 || hl_gate_open(system, scopes, 1, &gate) < 0 ||
        hl_feed_open(system, "acct/alpha", &marks) < 0) {
        return fail();
    }
    if (hl_feed_equity(marks, 1000000 * HL_MONEY_SCALE, start) < 0) return fail();
    printf("at 1000000: %s\n", hl_gate_permits(gate, HL_INCREASE) ? "the order may go" : "denied");
    if (hl_feed_equity(marks, 915000 * HL_MONEY_SCALE, start + second) < 0) return fail();
    printf("at  915000: %s\n", hl_gate_permits(gate, HL_INCREASE) ? "the order may go" : "denied");
    printf("a cancel:   %s\n", hl_gate_permits(gate, HL_CANCEL) ? "may go" : "denied");
    if (hl_gate_explain(gate, hl_gate_check(gate), &denial) < 0) return fail();
    printf("tag 58: %s\n", denial.text);
    hl_feed_close(&marks);
    hl_gate_close(&gate);
    return hl_system_close(system, 5 * second) == HL_OK ? 0 : fail();
}
