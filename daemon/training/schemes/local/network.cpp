#include "daemon/training/schemes/local/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::training {

NetworkLayer::NetworkLayer(const LocalSettings& settings, std::size_t index)
    : settings_(settings.layers.at(index)),
      prefix_(fmt::format("layer{}/", index + 1)),
      directions_(settings.labelling == Labelling::overlay ? "projection" : "prototypes"),
      encoder_(settings_.encoding, settings_.inputs, settings_.label_entries, settings_.rig),
      response_(settings.response_scaling, settings_.responses()),
      local_({.features = settings_.features(),
              .width = settings_.width,
              .directions = settings.directions,
              .activation = settings.activation,
              .adam = settings.adam},
             settings.seed, index, settings.workers) {
    if (settings_.physics) {
        orders_ = InputOrders(settings_.permutations, settings_.rig.inputs, settings.seed, index);
    }
}

OwnedBlock NetworkLayer::stimuli(ConstBlock inputs, std::uint64_t& clipped) const {
    OwnedBlock plain(settings_.rig.inputs, inputs.samples());
    clipped += encoder_.encode(inputs, plain.view());
    return orders_.expand(std::move(plain));
}

OwnedBlock NetworkLayer::features(ConstBlock inputs, ConstBlock responses) const {
    OwnedBlock features(settings_.features(), inputs.samples());
    const std::size_t physical = settings_.responses();
    const ConstBlock answered = settings_.physics ? orders_.gather(responses) : ConstBlock();
    for (std::size_t i = 0; i < inputs.samples(); ++i) {
        const std::span<float> column = features.sample(i);
        if (settings_.physics) {
            response_.apply(answered.sample(i), column.first(physical));
        }
        if (physical < column.size()) {
            std::copy_n(inputs.sample(i).begin(), settings_.inputs,
                        column.subspan(physical).begin());
        }
    }
    return features;
}

void NetworkLayer::save(std::vector<NamedArray>& arrays) const {
    arrays.push_back(named_block(prefix_ + "weights", local_.weights()));
    arrays.push_back(named_vector(prefix_ + "bias", local_.bias()));
    if (local_.directions().samples() == 1) {
        arrays.push_back(named_vector(prefix_ + directions_, local_.directions().values()));
    } else if (local_.directions().samples() > 1) {
        arrays.push_back(named_block(prefix_ + directions_, local_.directions()));
    }
    if (settings_.physics) {
        arrays.push_back(named_vector(prefix_ + "encoding_offset", encoder_.offset()));
        arrays.push_back(named_vector(prefix_ + "encoding_scale", encoder_.scale()));
        arrays.push_back(named_vector(prefix_ + "response_mean", response_.mean()));
        arrays.push_back(named_vector(prefix_ + "response_scale", response_.scale()));
    }
}

void NetworkLayer::restore(const ArrayReader& arrays) {
    arrays.read(prefix_ + "weights", local_.weights());
    arrays.read(prefix_ + "bias", local_.bias());
    if (local_.directions().samples() == 1) {
        arrays.read(prefix_ + directions_, local_.directions().values());
    } else if (local_.directions().samples() > 1) {
        arrays.read(prefix_ + directions_, local_.directions());
    }
    if (settings_.physics) {
        arrays.read(prefix_ + "encoding_offset", encoder_.offset());
        arrays.read(prefix_ + "encoding_scale", encoder_.scale());
        arrays.read(prefix_ + "response_mean", response_.mean());
        arrays.read(prefix_ + "response_scale", response_.scale());
    }
}

void NetworkLayer::save_optimiser(std::vector<NamedArray>& arrays) const {
    arrays.push_back(named_vector(prefix_ + "adam_first", local_.adam().first_moment()));
    arrays.push_back(named_vector(prefix_ + "adam_second", local_.adam().second_moment()));
}

void NetworkLayer::restore_optimiser(const ArrayReader& arrays) {
    arrays.read(prefix_ + "adam_first", local_.adam().first_moment());
    arrays.read(prefix_ + "adam_second", local_.adam().second_moment());
}

Network::Network(const LocalSettings& settings, FeatureScaling scaling)
    : overlays_(settings.labelling == Labelling::overlay),
      label_level_(settings.label_level),
      scaling_(std::move(scaling)) {
    for (std::size_t l = 0; l < settings.layers.size(); ++l) {
        layers_.emplace_back(settings, l);
    }
}

OwnedBlock Network::inputs(const Scores& scores, std::span<const Column> columns) const {
    const std::size_t entries = layers_.front().settings().label_entries;
    OwnedBlock inputs(layers_.front().settings().inputs, columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::span<float> column = inputs.sample(i);
        if (overlays_) {
            column[columns[i].label] = label_level_;
        }
        if (i > 0 && columns[i].sample == columns[i - 1].sample) {
            std::ranges::copy(inputs.sample(i - 1).subspan(entries),
                              column.subspan(entries).begin());
        } else {
            scores.read(columns[i].sample, column.subspan(entries));
        }
    }
    return inputs;
}

SampleRows Network::input_rows(const Scores& scores, std::span<const Column> columns) const {
    return {layers_.front().settings().inputs, columns.size(),
            [this, &scores, columns](std::size_t i, std::span<float> into) {
                std::ranges::copy(this->inputs(scores, columns.subspan(i, 1)).sample(0),
                                  into.begin());
            }};
}

void Network::save(std::vector<NamedArray>& arrays) const {
    if (overlays_) {
        arrays.push_back(named_vector("label_level", std::span(&label_level_, 1)));
    }
    arrays.push_back(named_vector("features/mean", scaling_.mean));
    arrays.push_back(named_vector("features/deviation", scaling_.deviation));
    arrays.push_back(named_vector("features/minimum", scaling_.minimum));
    arrays.push_back(named_vector("features/maximum", scaling_.maximum));
    for (const NetworkLayer& layer : layers_) {
        layer.save(arrays);
    }
}

void Network::restore(const ArrayReader& arrays) {
    if (overlays_) {
        arrays.read("label_level", std::span(&label_level_, 1));
    }
    arrays.read("features/mean", scaling_.mean);
    arrays.read("features/deviation", scaling_.deviation);
    arrays.read("features/minimum", scaling_.minimum);
    arrays.read("features/maximum", scaling_.maximum);
    for (NetworkLayer& layer : layers_) {
        layer.restore(arrays);
    }
}

} // namespace phyll::training
