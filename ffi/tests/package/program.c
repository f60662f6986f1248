/* Links the installed library and asks it who it is. */
#include <haltline.h>
#include <stdio.h>

int main(void) {
    if (hl_abi_version() != HL_ABI_VERSION) {
        return 1;
    }
    hl_kill_all();
    puts("linked");
    return 0;
}
