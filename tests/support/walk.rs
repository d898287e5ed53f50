//! A walk through the wizard, screen by screen.

use standin::Standin;

use super::{Key, Screen, Sidetap};

/// The questions on the way from the first screen to the plan, in order, of which the sensor is asked three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    Place,
    Cluster,
    Services,
    Sidecar,
    Image,
    Exports,
    Parameters,
    Size,
    Logs,
    Review,
}

impl Question {
    pub const ALL: [Question; 10] = [
        Question::Place,
        Question::Cluster,
        Question::Services,
        Question::Sidecar,
        Question::Image,
        Question::Exports,
        Question::Parameters,
        Question::Size,
        Question::Logs,
        Question::Review,
    ];

    /// The question as the screen has it.
    pub fn text(self) -> &'static str {
        match self {
            Question::Place => "Add a sidecar to services",
            Question::Cluster => "Which cluster?",
            Question::Services => "Which services are given a sidecar?",
            Question::Sidecar => "Which sidecar?",
            Question::Image => "sensor: image",
            Question::Exports => "sensor: exports",
            Question::Parameters => "sensor: go on with these, or change one?",
            Question::Size => "How much does the sidecar get?",
            Question::Logs => "Where does the sidecar log?",
            Question::Review => "What is to be done?",
        }
    }
}

/// Opens the wizard and answers all questions before this one: the first cluster, its first service, the sensor, and
/// otherwise what is suggested.
#[track_caller]
pub fn walk_to(standin: &Standin, question: Question) -> Screen {
    walk(Sidetap::new("").against(standin).on_screen(), question)
}

/// The same on a screen that was opened.
#[track_caller]
pub fn walk(mut screen: Screen, question: Question) -> Screen {
    for asked in Question::ALL {
        screen.wait_for(asked.text());
        if asked == question {
            break;
        }
        match asked {
            Question::Services => screen.press(Key::Space),
            Question::Image => screen.type_text("example/sidetap:1"),
            _ => &mut screen,
        };
        screen.press(Key::Enter);
    }
    screen
}
