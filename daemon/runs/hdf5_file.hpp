#pragma once

#include "daemon/training/scheme.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace H5 {
class H5File;
} // namespace H5

namespace phyll::runs {

/// A file that is being made, in memory. Texts are data sets of one string; an array's name may be
/// a path ("layer1/weights").
class Hdf5Image {
  public:
    void add_arrays(const std::string& group, const std::vector<training::NamedArray>& arrays);
    void add_text(const std::string& name, const std::string& text);

  private:
    friend std::string make_hdf5(const std::function<void(Hdf5Image&)>& fill);
    explicit Hdf5Image(H5::H5File& file) : file_(file) {}

    H5::H5File& file_;
};

/// A file that is read. Errors: DATA_LOSS where what is asked for is not there or is otherwise.
class Hdf5Content {
  public:
    /// Every array of a group, in the order of their names.
    [[nodiscard]] std::vector<training::NamedArray> arrays(const std::string& group) const;
    [[nodiscard]] std::string text(const std::string& name) const;

  private:
    friend void read_hdf5(const std::string& image, const std::string& sha256,
                          const std::function<void(const Hdf5Content&)>& read);
    explicit Hdf5Content(H5::H5File& file) : file_(file) {}

    H5::H5File& file_;
};

// HDF5's library says nothing of a disk that is full when it closes a file, and Debian's is not
// thread safe: files are made and read in memory, one at a time, and written by us.

/// The bytes of a file with what `fill` puts into it. Throws INTERNAL.
[[nodiscard]] std::string make_hdf5(const std::function<void(Hdf5Image&)>& fill);

/// Reads a file from its bytes, whose SHA-256 was kept when it was written; empty: it is not known.
/// Throws DATA_LOSS; when the bytes are others, before the library is let near them.
void read_hdf5(const std::string& image, const std::string& sha256,
               const std::function<void(const Hdf5Content&)>& read);

} // namespace phyll::runs
