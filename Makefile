# The C and C++ interface: make install PREFIX=/usr/local (DESTDIR= for packagers). The Rust side is cargo's.
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: help install
help:
	@echo "make install PREFIX=DIR   the library, headers, pkg-config and CMake files into DIR"

install:
	ffi/build.sh --prefix "$(DESTDIR)$(PREFIX)"
