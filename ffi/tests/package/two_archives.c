/* Two Rust archives in one program. */
#include <haltline.h>
#include <stdint.h>

extern int32_t other_answer(void);

int main(void) {
    return hl_abi_version() == HL_ABI_VERSION && other_answer() == 42 ? 0 : 1;
}
