#pragma once

#include "daemon/training/scheme.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::training {

/// A stored vector, or the scalar of a shape {1}.
[[nodiscard]] NamedArray named_vector(std::string name, std::span<const float> values);
/// A stored block, of the shape {samples, channels}.
[[nodiscard]] NamedArray named_block(std::string name, ConstBlock values);

/// Takes stored arrays back. Every member throws DATA_LOSS, naming the array, when it is missing or
/// does not fit.
class ArrayReader {
  public:
    explicit ArrayReader(std::span<const NamedArray> arrays);

    /// Fills `into`, which has the stored length.
    void read(std::string_view name, std::span<float> into) const;
    /// Fills `into`, which has the stored shape.
    void read(std::string_view name, Block into) const;
    /// A vector of whatever length was stored.
    [[nodiscard]] std::vector<float> read_vector(std::string_view name) const;
    /// The values of an array of that shape.
    [[nodiscard]] std::vector<float> read_values(std::string_view name,
                                                 const std::vector<std::size_t>& shape) const;
    /// A block of whatever shape was stored.
    [[nodiscard]] OwnedBlock read_block(std::string_view name) const;

  private:
    [[nodiscard]] const NamedArray& find(std::string_view name, std::size_t rank) const;

    std::map<std::string, const NamedArray*, std::less<>> arrays_;
};

} // namespace phyll::training
