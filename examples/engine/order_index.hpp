// Where an order rests, by its number: open addressing with linear probing, at most half full, so that a look-up is
// nearly always one cache line. Removal moves what comes after into the hole: no tombstones, the same speed for ever.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "book.hpp"

namespace engine {

class OrderIndex {
public:
    struct Place {
        Instrument instrument;
        Slot slot;
    };

    explicit OrderIndex(std::size_t orders = 1024) { grow(2 * orders); }

    /// `nullptr` if no order of that number rests. The pointer holds until the next change.
    const Place* find(OrderId id) const {
        for (std::size_t i = home(id); cells_[i].used; i = next(i))
            if (cells_[i].id == id) return &cells_[i].place;
        return nullptr;
    }

    /// The number must be new.
    void insert(OrderId id, Place place) {
        if (2 * ++size_ > cells_.size()) grow(2 * cells_.size());
        put(Cell{id, place, true});
    }

    /// The number must be known.
    void erase(OrderId id) {
        std::size_t hole = home(id);
        while (cells_[hole].id != id) hole = next(hole);
        for (std::size_t i = next(hole); cells_[i].used; i = next(i)) {
            // What has its home after the hole must stay behind it.
            if (((i - home(cells_[i].id)) & mask_) >= ((i - hole) & mask_)) {
                cells_[hole] = cells_[i];
                hole = i;
            }
        }
        cells_[hole].used = false;
        --size_;
    }

private:
    struct Cell {
        OrderId id = 0;
        Place place{};
        bool used = false;
    };

    std::size_t home(OrderId id) const { return static_cast<std::size_t>((id * 0x9e3779b97f4a7c15u) >> 20) & mask_; }
    std::size_t next(std::size_t i) const { return (i + 1) & mask_; }

    void put(const Cell& cell) {
        std::size_t i = home(cell.id);
        while (cells_[i].used) i = next(i);
        cells_[i] = cell;
    }

    void grow(std::size_t least) {
        std::size_t size = 16;
        while (size < least) size *= 2;
        const std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(size));
        mask_ = size - 1;
        for (const Cell& cell : old)
            if (cell.used) put(cell);
    }

    std::vector<Cell> cells_;
    std::size_t mask_ = 0, size_ = 0;
};

}  // namespace engine
