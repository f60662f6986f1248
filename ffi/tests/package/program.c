/* Links the installed library, opens a System with threads, and has it deny. */
#include <haltline.h>
#include <stdio.h>
#include <string.h>

static void hear(const hl_event *events, size_t n, void *user) {
    (void)events;
    *(size_t *)user += n;
}

int main(void) {
    const char *config = "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"XNAS\"\n", *scope = "XNAS";
    hl_options options;
    hl_subscribe_options subscriber;
    hl_system system;
    hl_subscription subscription;
    hl_breaker desk;
    hl_gate *gate = NULL;
    size_t heard = 0;
    int wrong = hl_abi_version() != HL_ABI_VERSION;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.config = config;
    options.config_len = strlen(config);
    memset(&subscriber, 0, sizeof subscriber);
    subscriber.struct_size = sizeof subscriber;
    subscriber.function = hear;
    subscriber.user = &heard;
    wrong |= hl_system_open(&options, &system) != HL_OK || hl_gate_open(system, &scope, 1, &gate) != HL_OK;
    wrong |= hl_subscribe(system, &subscriber, &subscription) != HL_OK || hl_breaker_find(system, "desk", &desk) != HL_OK;
    wrong |= !hl_gate_permits(gate, HL_INCREASE);
    wrong |= hl_trip(system, desk, "a test", "ann", HL_AUTHORITY_TRADER) != HL_OK || hl_gate_permits(gate, HL_INCREASE);
    wrong |= hl_kill_all() != HL_OK || !hl_gate_permits(gate, HL_CANCEL);
    /* A close tells all that has happened. */
    wrong |= hl_system_close(system, 5000000000) != HL_OK || heard == 0;
    hl_gate_close(&gate);
    puts(wrong ? "wrong" : "linked");
    return wrong;
}
