//! The committed header is what the code says.

use std::path::Path;

#[test]
fn the_committed_header_is_what_cbindgen_makes_of_the_code() {
    let ffi = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = ffi.parent().expect("ffi/ lies in the workspace");
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let mut made = Vec::new();
    let mut sources: Vec<_> =
        std::fs::read_dir(ffi.join("src")).expect("ffi/src").flatten().map(|e| e.path()).collect();
    sources.sort();
    let builder = sources.into_iter().fold(cbindgen::Builder::new(), cbindgen::Builder::with_src);
    let built = builder.with_config(config).generate();
    built.expect("the code can be read").write(&mut made);
    let made = String::from_utf8(made).expect("UTF-8");
    let path = root.join("include/haltline.h");
    if std::env::var_os("HALTLINE_BLESS").is_some() {
        std::fs::write(&path, &made).expect("include/ can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == committed,
        "include/haltline.h is out of date; HALTLINE_BLESS=1 cargo test -p haltline-ffi writes it anew"
    );
}

#[test]
fn the_number_of_the_interface_is_the_headers() {
    assert_eq!(haltline_ffi::hl_abi_version(), haltline_ffi::HL_ABI_VERSION);
}
