#include "daemon/runs/export/measurements_file.hpp"

#include "daemon/runs/hdf5_library.hpp"
#include "drivers/core/journal/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

using journal::FactsView;
using journal::RigEntry;

constexpr std::size_t piece_bytes = std::size_t{1} << 20U;
constexpr std::size_t fixed_bytes = 64; ///< of a measurement, beside stimulus and response

/// Some measurements in a row, a column per data set.
struct Piece {
    std::vector<float> stimulus;
    std::vector<float> response;
    std::vector<std::int32_t> layer;
    std::vector<std::int64_t> sample;
    std::vector<std::int64_t> label;
    std::vector<std::int8_t> split;
    std::vector<std::uint64_t> number;
    std::vector<std::int64_t> time; ///< start and end
    std::vector<std::uint32_t> era;
    std::vector<std::uint8_t> purpose;

    [[nodiscard]] std::size_t rows() const { return number.size(); }
};

template <class T>
const H5::PredType& type_of();
template <>
const H5::PredType& type_of<float>() {
    return H5::PredType::NATIVE_FLOAT;
}
template <>
const H5::PredType& type_of<std::int8_t>() {
    return H5::PredType::NATIVE_INT8;
}
template <>
const H5::PredType& type_of<std::uint8_t>() {
    return H5::PredType::NATIVE_UINT8;
}
template <>
const H5::PredType& type_of<std::int32_t>() {
    return H5::PredType::NATIVE_INT32;
}
template <>
const H5::PredType& type_of<std::uint32_t>() {
    return H5::PredType::NATIVE_UINT32;
}
template <>
const H5::PredType& type_of<std::int64_t>() {
    return H5::PredType::NATIVE_INT64;
}
template <>
const H5::PredType& type_of<std::uint64_t>() {
    return H5::PredType::NATIVE_UINT64;
}

void write_attribute(const H5::H5Object& object, const std::string& name, const std::string& text) {
    const H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    object.createAttribute(name, type, H5::DataSpace(H5S_SCALAR)).write(type, text);
}

void write_attribute(const H5::H5Object& object, const std::string& name, std::uint64_t value) {
    object.createAttribute(name, H5::PredType::STD_U64LE, H5::DataSpace(H5S_SCALAR))
        .write(H5::PredType::NATIVE_UINT64, &value);
}

/// More names than these do not fit into an attribute.
constexpr std::size_t most_names = 1000;

void write_attribute(const H5::H5Object& object, const std::string& name,
                     const std::vector<std::string>& texts) {
    const H5::StrType type(H5::PredType::C_S1, H5T_VARIABLE);
    std::vector<const char*> pointers;
    for (const std::string& text : texts) {
        pointers.push_back(text.c_str());
    }
    const hsize_t size = pointers.size();
    object.createAttribute(name, type, H5::DataSpace(1, &size)).write(type, pointers.data());
}

/// One column of a rig's measurements, which grows row by row up to a size that is known.
template <class T>
class Column {
  public:
    /// `columns` is 0 for a data set of one dimension.
    Column(const H5::Group& parent, const std::string& name, std::size_t rows, std::size_t columns,
           std::size_t rows_at_once)
        : columns_(columns) {
        std::vector<hsize_t> shape{rows};
        std::vector<hsize_t> chunk{std::min(rows, rows_at_once)};
        if (columns > 0) {
            shape.push_back(columns);
            chunk.push_back(columns);
        }
        const H5::DSetCreatPropList properties;
        if (rows > 0) {
            properties.setChunk(static_cast<int>(chunk.size()), chunk.data());
        }
        set_ = parent.createDataSet(name, type_of<T>(),
                                    H5::DataSpace(static_cast<int>(shape.size()), shape.data()),
                                    properties);
    }

    template <class Value>
    void describe(const std::string& name, const Value& value) const {
        write_attribute(set_, name, value);
    }

    void write(std::size_t first, const std::vector<T>& values) const {
        const std::size_t width = std::max<std::size_t>(1, columns_);
        std::vector<hsize_t> start{first};
        std::vector<hsize_t> count{values.size() / width};
        if (columns_ > 0) {
            start.push_back(0);
            count.push_back(columns_);
        }
        const H5::DataSpace into = set_.getSpace();
        into.selectHyperslab(H5S_SELECT_SET, count.data(), start.data());
        set_.write(values.data(), type_of<T>(),
                   H5::DataSpace(static_cast<int>(count.size()), count.data()), into);
    }

  private:
    std::size_t columns_;
    H5::DataSet set_;
};

/// The rig's name, where that can be one of a group.
std::string group_name(const RigEntry& rig) {
    std::string name = rig.name;
    std::ranges::replace(name, '/', '-');
    return name;
}

/// The group of a rig.
class RigGroup {
  public:
    RigGroup(const H5::Group& parent, const RigEntry& rig, std::size_t rows, std::size_t at_once,
             const ShownData& shown)
        : group_(parent.createGroup(group_name(rig))),
          stimulus_(group_, "stimulus", rows, rig.n_in, at_once),
          response_(group_, "response", rows, rig.n_out, at_once),
          layer_(group_, "layer", rows, 0, at_once),
          sample_(group_, "sample", rows, 0, at_once),
          label_(group_, "label", rows, 0, at_once),
          split_(group_, "split", rows, 0, at_once),
          number_(group_, "number", rows, 0, at_once),
          time_(group_, "time", rows, 2, at_once),
          era_(group_, "era", rows, 0, at_once),
          purpose_(group_, "purpose", rows, 0, at_once) {
        write_attribute(group_, "rig", rig.name);
        write_attribute(group_, "kind", rig.kind);
        stimulus_.describe("unit", "drive, from 0 to 1");
        layer_.describe("values", "counted from 0; -1 for no layer of a network");
        sample_.describe("values", "place in the split, counted from 0; -1 where it was of none");
        if (shown.shown_as > 1) {
            sample_.describe("shown_as", std::uint64_t{shown.shown_as});
            sample_.describe("copies",
                             "of the training split: the original is number sample // shown_as; "
                             "sample % shown_as is 0 for itself, then those that are moved up, "
                             "down, left, right");
        }
        label_.describe("values", "that the stimulus showed; -1 for none");
        if (!shown.classes.empty() && shown.classes.size() <= most_names) {
            label_.describe("classes", shown.classes);
        }
        split_.describe("values", "0 training, 1 test; -1 where that is not known");
        time_.describe("unit", "ns since 1970-01-01 (UTC), start and end; 0 where it was not kept");
        purpose_.describe("values",
                          "0 training, 1 evaluation, 2 sentinel, 3 characterisation, 4 direct, "
                          "5 borrowed from another run");
    }

    void describe_responses(const std::string& unit) const { response_.describe("unit", unit); }

    void write(const Piece& piece) {
        stimulus_.write(next_, piece.stimulus);
        response_.write(next_, piece.response);
        layer_.write(next_, piece.layer);
        sample_.write(next_, piece.sample);
        label_.write(next_, piece.label);
        split_.write(next_, piece.split);
        number_.write(next_, piece.number);
        time_.write(next_, piece.time);
        era_.write(next_, piece.era);
        purpose_.write(next_, piece.purpose);
        next_ += piece.rows();
    }

  private:
    H5::Group group_;
    Column<float> stimulus_;
    Column<float> response_;
    Column<std::int32_t> layer_;
    Column<std::int64_t> sample_;
    Column<std::int64_t> label_;
    Column<std::int8_t> split_;
    Column<std::uint64_t> number_;
    Column<std::int64_t> time_;
    Column<std::uint32_t> era_;
    Column<std::uint8_t> purpose_;
    std::size_t next_ = 0;
};

std::int64_t nanoseconds(Clock::Wall time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::int64_t or_minus_one(std::uint32_t value) {
    return value == UINT32_MAX ? -1 : static_cast<std::int64_t>(value);
}

void add(Piece& piece, const RigEntry& rig, const FactsView& facts, std::size_t sample,
         const OriginIndex& origins) {
    const std::uint64_t number = facts.first_number + sample;
    piece.stimulus.resize(piece.stimulus.size() + rig.n_in);
    facts.read_stimulus(sample, std::span(piece.stimulus).last(rig.n_in));
    piece.response.resize(piece.response.size() + rig.n_out);
    facts.read_response(sample, std::span(piece.response).last(rig.n_out));
    const auto origin = origins.find(facts.rig, facts.purpose, number);
    piece.layer.push_back(static_cast<std::int32_t>(or_minus_one(facts.layer)));
    piece.sample.push_back(origin ? or_minus_one(origin->origin.sample) : -1);
    piece.label.push_back(origin ? or_minus_one(origin->origin.label) : -1);
    piece.split.push_back(origin ? static_cast<std::int8_t>(origin->split) : std::int8_t{-1});
    piece.number.push_back(number);
    const std::optional<journal::FactTime> time = facts.time(sample);
    piece.time.push_back(time ? nanoseconds(time->start) : 0);
    piece.time.push_back(time ? nanoseconds(time->end) : 0);
    piece.era.push_back(facts.era);
    piece.purpose.push_back(static_cast<std::uint8_t>(facts.purpose));
}

/// "V" when all have that unit, "V, V, 1" otherwise; empty when the run's record does not say.
std::string response_units(const std::map<std::string, LayerSpec>& rigs, const RigEntry& rig) {
    std::vector<std::string> units;
    if (const auto known = rigs.find(rig.name); known != rigs.end()) {
        for (const ResponseChannel& channel : known->second.outputs) {
            units.push_back(channel.unit);
        }
    }
    const bool same = std::ranges::adjacent_find(units, std::not_equal_to()) == units.end();
    return same ? (units.empty() ? "" : units.front()) : fmt::format("{}", fmt::join(units, ", "));
}

std::size_t rows_of(const journal::Reader& reader, std::uint32_t rig) {
    std::size_t count = 0;
    journal::for_each_measurement(reader, rig, [&](const FactsView&, std::size_t) { ++count; });
    return count;
}

std::size_t row_bytes(const RigEntry& rig) {
    return fixed_bytes + (std::size_t{rig.n_in} + rig.n_out) * sizeof(float);
}

} // namespace

/// The file while it is made; every call holds the library.
class MeasurementsWriter::File {
  public:
    File(const std::filesystem::path& file, const journal::Header& header)
        : name_("the file of measurements") {
        with_hdf5(name_, [&] {
            file_ = std::make_unique<H5::H5File>(file.string(), H5F_ACC_TRUNC);
            const H5::Group root = file_->openGroup("/");
            write_attribute(root, "format", "phyll measurements 1");
            write_attribute(root, "run", header.run);
            write_attribute(root, "seed", header.seed);
            write_attribute(root, "kernel_level", header.kernel_level);
        });
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        const std::lock_guard lock(hdf5_mutex());
        rig_.reset();
        file_.reset();
    }

    void begin(const RigEntry& rig, std::size_t rows, std::size_t at_once,
               const std::string& response_unit, const ShownData& shown) {
        with_hdf5(name_, [&] {
            rig_ = std::make_unique<RigGroup>(file_->openGroup("/"), rig, rows, at_once, shown);
            if (!response_unit.empty()) {
                rig_->describe_responses(response_unit);
            }
        });
    }

    void write(const Piece& piece) {
        with_hdf5(name_, [&] { rig_->write(piece); });
    }

    void finish() {
        with_hdf5(name_, [&] {
            rig_.reset();
            file_->flush(H5F_SCOPE_GLOBAL);
        });
    }

  private:
    std::string name_;
    std::unique_ptr<H5::H5File> file_;
    std::unique_ptr<RigGroup> rig_;
};

std::uint64_t measurements_size(const journal::Reader& reader) {
    std::uint64_t bytes = piece_bytes;
    for (std::uint32_t rig = 0; rig < reader.header().rigs.size(); ++rig) {
        // A last chunk that is not full takes as much as a full one.
        bytes += rows_of(reader, rig) * row_bytes(reader.header().rigs[rig]) + 2 * piece_bytes;
    }
    return bytes;
}

MeasurementsWriter::MeasurementsWriter(const journal::Reader& reader,
                                       const std::map<std::string, LayerSpec>& rigs,
                                       const std::filesystem::path& file, ShownData shown)
    : reader_(reader),
      rigs_(rigs),
      shown_(std::move(shown)),
      origins_(reader),
      file_(std::make_unique<File>(file, reader.header())) {}

MeasurementsWriter::~MeasurementsWriter() = default;

void MeasurementsWriter::write(const std::stop_token& stop) {
    for (std::uint32_t place = 0; place < reader_.header().rigs.size(); ++place) {
        write_rig(place, stop);
    }
    file_->finish();
}

void MeasurementsWriter::write_rig(std::uint32_t place, const std::stop_token& stop) {
    const RigEntry& rig = reader_.header().rigs[place];
    const std::size_t at_once = std::max<std::size_t>(1, piece_bytes / row_bytes(rig));
    file_->begin(rig, rows_of(reader_, place), at_once, response_units(rigs_, rig), shown_);
    Piece piece;
    const auto write_piece = [&] {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "the export was stopped");
        }
        file_->write(std::exchange(piece, {}));
    };
    journal::for_each_measurement(reader_, place, [&](const FactsView& facts, std::size_t sample) {
        add(piece, rig, facts, sample, origins_);
        if (piece.rows() == at_once) {
            write_piece();
        }
    });
    if (piece.rows() > 0) {
        write_piece();
    }
}

} // namespace phyll::runs
