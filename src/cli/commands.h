// Every command, one row each, in the order of `midillama --help`.
#pragma once

#include "cli/commands/chat.h"
#include "cli/commands/compose.h"
#include "cli/commands/config.h"
#include "cli/commands/convert_gguf.h"
#include "cli/commands/convert_musicbert.h"
#include "cli/commands/data.h"
#include "cli/commands/doctor.h"
#include "cli/commands/embed.h"
#include "cli/commands/eval.h"
#include "cli/commands/experiment.h"
#include "cli/commands/explain.h"
#include "cli/commands/export.h"
#include "cli/commands/generate.h"
#include "cli/commands/inspect.h"
#include "cli/commands/merge.h"
#include "cli/commands/plan.h"
#include "cli/commands/report.h"
#include "cli/commands/score.h"
#include "cli/commands/serve.h"
#include "cli/commands/study.h"
#include "cli/commands/text_tokenize.h"
#include "cli/commands/tokenize.h"
#include "cli/commands/train.h"

#include <type_traits>

namespace midillama::cli {

template <typename... Command>
struct CommandList {
  // Calls visit(std::type_identity<Command>()) for each.
  template <typename Visit>
  static void for_each(Visit visit) {
    (visit(std::type_identity<Command>()), ...);
  }
};

using Commands = CommandList<TrainCommand,             //
                             EvalCommand,              //
                             GenerateCommand,          //
                             ChatCommand,              //
                             ServeCommand,             //
                             ExplainCommand,           //
                             ScoreCommand,             //
                             ReportCommand,            //
                             TokenizeCommand,          //
                             TextTokenizeCommand,      //
                             InspectCommand,           //
                             DataBuildCommand,         //
                             DataImportCommand,        //
                             DataRetrieveCommand,      //
                             DataAnnotateCommand,      //
                             DataFeaturesCommand,      //
                             DataSegmentCommand,       //
                             DataWriteCommand,         //
                             DataReviewSampleCommand,  //
                             DataReviewScoreCommand,   //
                             DataStatsCommand,         //
                             DataCheckCommand,         //
                             ComposeCommand,           //
                             ComposeToJsonCommand,     //
                             ComposeToMidiCommand,     //
                             StudyBuildCommand,        //
                             StudyServeCommand,        //
                             StudyReportCommand,       //
                             ExperimentCommand,        //
                             ConfigShowCommand,        //
                             ConfigValidateCommand,    //
                             EmbedCommand,             //
                             ConvertMusicBertCommand,  //
                             ConvertGgufCommand,       //
                             MergeCommand,             //
                             ExportCommand,            //
                             PlanCommand,              //
                             DoctorCommand>;

// The commands of a group share its name; its description is the group's own --help.
struct Group {
  const char* name;
  const char* description;
};
inline constexpr Group kGroups[] = {
    {"data", "Import a collection, find texts about its works and have them read; build, describe or check a dataset"},
    {"review", "Have people judge what a model read, and count what they say"},
    {"study", "A listening study: which of two systems' captions fits the music better"},
    {"config", "Show or check a configuration"},
    {"convert", "Make a model directory from a checkpoint that others published"},
};

}  // namespace midillama::cli
