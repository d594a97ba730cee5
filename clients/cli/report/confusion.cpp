#include "clients/cli/output.hpp"
#include "clients/cli/report/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace phyll::cli {
namespace {

using Anchor = Canvas::Anchor;

/// More classes than these have cells too small for numbers.
constexpr std::uint32_t most_numbers = 12;
/// Letters of a class's name that there is room for.
constexpr std::size_t most_letters = 10;

/// On average, of the fonts that it is drawn in.
double width_of(const std::string& text) {
    return 0.56 * number_size * static_cast<double>(text.size());
}

/// Cut between characters, where it is long.
std::string cut(const std::string& name) {
    if (name.size() <= most_letters) {
        return name;
    }
    std::size_t end = most_letters - 2;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80) {
        --end;
    }
    return name.substr(0, end) + "..";
}

class Matrix {
  public:
    Matrix(Canvas& canvas, const v1::RunResult& result, const Box& box)
        : canvas_(canvas),
          judgement_(result.test_judgement()),
          box_(box),
          classes_(static_cast<int>(judgement_.classes())),
          numbers_(judgement_.classes() <= most_numbers),
          stride_(std::max(1, (classes_ + 11) / 12)) {
        for (int k = 0; k < classes_; ++k) {
            names_.push_back(result.classes_size() == classes_ ? cut(result.classes(k))
                                                               : std::to_string(k));
            widest_ = std::max(widest_, width_of(names_.back()));
        }
        const double left = widest_ + 28;
        const double right = numbers_ ? 48 : 8;
        plot_ = {box.x + left, box.y + 34, box.width - left - right, 0};
        upright_ = widest_ + 4 > stride_ * plot_.width / classes_;
        plot_.height = box.bottom() - plot_.y - (upright_ ? widest_ : number_size) - 24;
        wide_ = plot_.width / classes_;
        high_ = plot_.height / classes_;
    }

    void draw() {
        canvas_.text({box_.x, box_.y + heading_size}, "Confusion of the test samples",
                     Anchor::begin, Ink::text, heading_size);
        for (int own = 0; own < classes_; ++own) {
            draw_row(own);
        }
        if (numbers_) {
            canvas_.text({box_.right(), plot_.y - 6}, "right", Anchor::end, Ink::muted,
                         number_size);
        }
        for (int k = 0; k <= classes_; k += numbers_ ? 1 : classes_) {
            canvas_.line({plot_.x, plot_.y + k * high_}, {plot_.right(), plot_.y + k * high_},
                         Ink::grid);
            canvas_.line({plot_.x + k * wide_, plot_.y}, {plot_.x + k * wide_, plot_.bottom()},
                         Ink::grid);
        }
        canvas_.text({plot_.x + plot_.width / 2, box_.bottom() - 4}, "class that it was taken for",
                     Anchor::middle, Ink::muted, number_size);
        canvas_.text({box_.x + 12, plot_.y + plot_.height / 2}, "class", Anchor::middle, Ink::muted,
                     number_size, true);
    }

  private:
    void draw_row(int own) {
        std::uint64_t all = 0;
        for (int taken = 0; taken < classes_; ++taken) {
            all += count_of(own, taken);
        }
        for (int taken = 0; taken < classes_; ++taken) {
            draw_cell(own, taken, all);
        }
        const double middle = plot_.y + (own + 0.5) * high_ + 3.5;
        if (own % stride_ == 0) {
            canvas_.text({plot_.x - 6, middle}, names_[static_cast<std::size_t>(own)], Anchor::end,
                         Ink::muted, number_size);
            draw_column_name(own);
        }
        if (numbers_ && all > 0) {
            const double share = static_cast<double>(count_of(own, own)) / static_cast<double>(all);
            canvas_.text({box_.right(), middle}, percent(share), Anchor::end, Ink::muted,
                         number_size);
        }
    }

    void draw_cell(int own, int taken, std::uint64_t all) {
        const std::uint64_t cell = count_of(own, taken);
        if (cell == 0) {
            return;
        }
        const double share = static_cast<double>(cell) / static_cast<double>(all);
        const Box square{plot_.x + taken * wide_, plot_.y + own * high_, wide_, high_};
        canvas_.area(square, own == taken ? Ink::first : Ink::second,
                     0.08 + 0.84 * std::sqrt(share));
        if (numbers_) {
            canvas_.text({square.x + wide_ / 2, square.y + high_ / 2 + 3.5}, count(cell),
                         Anchor::middle, share > 0.3 ? Ink::paper : Ink::text, number_size);
        }
    }

    void draw_column_name(int taken) {
        const std::string& name = names_[static_cast<std::size_t>(taken)];
        const double x = plot_.x + (taken + 0.5) * wide_;
        if (upright_) {
            canvas_.text({x + 3.5, plot_.bottom() + 6}, name, Anchor::end, Ink::muted, number_size,
                         true);
        } else {
            canvas_.text({x, plot_.bottom() + 14}, name, Anchor::middle, Ink::muted, number_size);
        }
    }

    [[nodiscard]] std::uint64_t count_of(int own, int taken) const {
        return judgement_.confusion(own * classes_ + taken);
    }

    Canvas& canvas_;
    const v1::TestJudgement& judgement_;
    Box box_;
    int classes_;
    bool numbers_;
    int stride_; ///< of the classes every so many are named
    std::vector<std::string> names_;
    double widest_ = 0;
    Box plot_{};
    bool upright_ = false; ///< names below the columns
    double wide_ = 0;
    double high_ = 0;
};

} // namespace

bool is_whole(const v1::TestJudgement& judgement) {
    return judgement.classes() > 0 && static_cast<std::uint64_t>(judgement.confusion_size()) ==
                                          std::uint64_t{judgement.classes()} * judgement.classes();
}

void draw_confusion(Canvas& canvas, const v1::RunResult& result, const Box& box) {
    Matrix(canvas, result, box).draw();
}

} // namespace phyll::cli
