//! `dyvms configure`: the profiles in the file that Alibaba's own command uses too.

mod edit;
mod setting;

use std::io;

use aliyun_runtime::credentials::tool::{self, Outline, ProfileOutline, ProfileState, ToolFile};
use zeroize::Zeroizing;

use self::setting::{Setting, Value};
use crate::catalogue::Format;
use crate::failure::Failure;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::rows::Column;
use crate::whole_file::{self, Readers};
use crate::{candidates, notice, output};

/// Options of `dyvms configure`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// List the profiles, without secrets
    List {
        /// Format of the result
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
        output: Format,
    },
    /// Add a profile; what its mode needs and is not given is asked for
    Add {
        /// Name of the profile
        name: String,
        /// How the profile gets credentials: `AK` is an access key, `RamRoleArn` a role that it assumes
        #[arg(long, value_name = "MODE", default_value = "AK", value_parser = mode, add = candidates::modes())]
        mode: &'static str,
        /// Members of the profile. A KEY without a value is asked for, as a secret always is
        #[arg(value_name = "KEY=VALUE|KEY", add = candidates::members())]
        settings: Vec<String>,
        /// Select the profile; without it, only the first usable one is selected
        #[arg(long = "use")]
        select: bool,
    },
    /// Change members of a profile, and leave all others as they are
    Set {
        /// Name of the profile
        #[arg(add = candidates::profiles())]
        name: String,
        /// Members of the profile. A KEY without a value is asked for, as a secret always is; KEY= empties it
        #[arg(value_name = "KEY=VALUE|KEY", required = true, add = candidates::members())]
        settings: Vec<String>,
    },
    /// Select the profile that is used without --profile
    Use {
        /// Name of the profile
        #[arg(add = candidates::profiles())]
        name: String,
    },
}

/// Details of the help.
pub(crate) const HELP: &str = "\
Show or change the profiles in ~/.aliyun/config.json, or the file that ALIBABA_CLOUD_CONFIG_FILE names.

Alibaba's own command uses the same file. Only what is asked for is changed: other members and profiles stay as they are. \
The file is replaced as a whole, and only its owner may read it.

Secrets are never given on the command line, where other users of the machine can see them. At a terminal they are asked \
for and not shown. Otherwise each one is a line of standard input, in the order in which they would be asked for: secrets come last.";

/// The region of profiles for which none is given: Alibaba's command requires one. This client does not use it.
const REGION: &str = "cn-hangzhou";

/// A mode by its name, in any case.
fn mode(name: &str) -> Result<&'static str, String> {
    tool::modes().map(|(known, _)| known).find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let known: Vec<&str> = tool::modes().map(|(name, _)| name).collect();
        format!("expected one of {}; logins (CloudSSO, OAuth) are set up with `aliyun configure`", known.join(", "))
    })
}

/// Shows or changes profiles.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let file = Profiles::open()?;
    match options.task {
        Task::List { output } => file.list(output),
        Task::Add { name, mode, settings, select } => file.add(&name, mode, &settings, select),
        Task::Set { name, settings } => file.set(&name, &settings),
        Task::Use { name } => file.select(&name),
    }
}

/// The file, and what it says.
struct Profiles {
    file: ToolFile,
    /// `None` if there is no such file.
    text: Option<Zeroizing<String>>,
    outline: Outline,
}

impl Profiles {
    fn open() -> Result<Self, Failure> {
        let broken = |error: aliyun_runtime::CredentialsError| Failure::Configuration(error.to_string());
        let file = ToolFile::of_process().map_err(broken)?;
        let text = file.read().map_err(broken)?;
        let outline = file.outline(text.as_ref().map_or("{}", |text| text.as_str())).map_err(broken)?;
        Ok(Self { file, text, outline })
    }

    fn list(&self, format: Format) -> Result<(), Failure> {
        let profiles = &self.outline.profiles;
        // Programs get the English names.
        let names = match (format, Language::current()) {
            (Format::Table, Language::Chinese) => ["当前", "名称", "模式", "AccessKey", "地域", "状态"],
            _ => ["current", "profile", "mode", "access key", "region", "state"],
        };
        let row = |profile: &ProfileOutline| {
            let text = |text: &str| Json::Text(text.to_owned());
            let is_current = profile.name == self.outline.current;
            let current =
                if format == Format::Json { Json::Bool(is_current) } else { text(if is_current { "*" } else { "" }) };
            let values = [
                current,
                text(&profile.name),
                text(&profile.mode),
                text(&profile.access_key),
                text(&profile.region),
                text(&state(profile, format)),
            ];
            Json::Object(names.map(str::to_owned).into_iter().zip(values).collect())
        };
        let rows: Vec<Json> = profiles.iter().map(row).collect();
        if format == Format::Json {
            return Ok(output::write_json(io::stdout().lock(), &Json::List(rows))?);
        }
        let columns = names.map(Column::text);
        output::write_table(&columns, &rows, str::to_owned)?;
        if profiles.is_empty() {
            notice::note(&text!(
                "{} has no profiles; `dyvms configure add NAME` adds one",
                "{} 中没有凭证配置；可用 `dyvms configure add NAME` 添加",
                self.file
            ));
        }
        self.note_variable();
        Ok(())
    }

    fn add(self, name: &str, mode: &'static str, settings: &[String], select: bool) -> Result<(), Failure> {
        if name.trim().is_empty() || name.contains(char::is_control) {
            return Err(Failure::Usage("the name of a profile is a text with visible characters".to_owned()));
        }
        if self.outline.profile(name).is_some() {
            let change = format!("`dyvms configure set {name} KEY=VALUE` changes it");
            return Err(Failure::Usage(format!("there is a profile {name:?} already; {change}")));
        }
        let mut settings = setting::parse(settings)?;
        if settings.iter().any(|setting| setting.name == "mode") {
            return Err(Failure::Usage("give the mode as --mode".to_owned()));
        }
        let needs = tool::modes().find(|(known, _)| *known == mode).map_or(&[][..], |(_, needs)| needs);
        let given = |settings: &[Setting], name: &str| settings.iter().any(|setting| setting.name == name);
        let needed = needs.iter().filter(|name| !given(&settings, name)).filter_map(|name| Setting::asked(name));
        // What the mode needs comes first.
        let mut all: Vec<Setting> = needed.collect();
        all.append(&mut settings);
        if !given(&all, "region_id") {
            all.push(Setting::of("region_id", REGION));
        }
        let values = setting::values(all)?;
        if let Some(empty) = values.iter().find(|(name, value)| needs.contains(name) && value.is_empty()) {
            return Err(Failure::Usage(format!("{} is empty; mode {mode} needs it", empty.0)));
        }
        let current = self.outline.profile(&self.outline.current);
        let select = select || current.is_none_or(|current| current.state == ProfileState::Empty);
        // The last two are what Alibaba's command requires.
        let fixed = [("name", name), ("mode", mode)].map(|(name, value)| (name, Value::text(value)));
        let defaults = [("output_format", "json"), ("language", "en")];
        let defaults = defaults.into_iter().filter(|(name, _)| values.iter().all(|(known, _)| known != name));
        let defaults: Vec<_> = defaults.map(|(name, value)| (name, Value::text(value))).collect();
        let members: Vec<(&str, Value)> = fixed.into_iter().chain(values).chain(defaults).collect();
        let done = text!("profile {name:?} is added to {}", "凭证配置 {name:?} 已添加到 {}", self.file);
        self.change(&done, name, |root| {
            edit::add(root, members);
            if select {
                edit::select(root, name);
            }
        })?;
        if !select {
            notice::note(&text!(
                "{:?} stays selected; `dyvms configure use {name}` changes it",
                "当前凭证配置仍为 {:?}；可用 `dyvms configure use {name}` 切换",
                self.outline.current
            ));
        }
        Ok(())
    }

    fn set(self, name: &str, settings: &[String]) -> Result<(), Failure> {
        self.known(name)?;
        let values = setting::values(setting::parse(settings)?)?;
        let done = text!("profile {name:?} of {} is changed", "已修改凭证配置 {name:?}（{}）", self.file);
        self.change(&done, name, |root| edit::set(root, name, values))
    }

    fn select(self, name: &str) -> Result<(), Failure> {
        self.known(name)?;
        let done = text!("profile {name:?} of {} is selected", "已将 {name:?} 设为当前凭证配置（{}）", self.file);
        self.change(&done, name, |root| edit::select(root, name))?;
        self.note_variable();
        Ok(())
    }

    /// Refuses a profile that is not in the file.
    fn known(&self, name: &str) -> Result<&ProfileOutline, Failure> {
        self.outline.profile(name).ok_or_else(|| {
            let names: Vec<String> = self.outline.profiles.iter().map(|profile| profile.name.clone()).collect();
            let known = match names.as_slice() {
                [] => "it has none; `dyvms configure add NAME` adds one".to_owned(),
                names => format!("it has {}", notice::names(names)),
            };
            Failure::Usage(format!("there is no profile {name:?} in {}; {known}", self.file))
        })
    }

    /// Writes the changed file. What another program has written since it was read is not overwritten.
    fn change(&self, done: &str, name: &str, change: impl FnOnce(&edit::Root)) -> Result<(), Failure> {
        let broken = |error: aliyun_runtime::CredentialsError| Failure::Configuration(error.to_string());
        let text = edit::changed(self.text.as_ref().map(|text| text.as_str()), change)
            .map_err(|why| Failure::Configuration(format!("{}: {why}; nothing was written", self.file)))?;
        let outline = self.file.outline(&text).map_err(broken)?;
        if self.file.read().map_err(broken)? != self.text {
            let why = "it was changed by another program meanwhile; nothing was written, so run the command again";
            return Err(Failure::Configuration(format!("{}: {why}", self.file)));
        }
        edit::write(self.file.path(), |path| whole_file::write(path, &text, Readers::Owner))
            .map_err(|error| Failure::system(format!("cannot write {}", self.file), error))?;
        match outline.profile(name).map(|profile| &profile.state) {
            Some(ProfileState::Unusable(why)) => {
                notice::note(&text!("{done}, but it cannot be used yet: {why}", "{done}，但尚不可用：{why}"));
            }
            Some(ProfileState::Empty) => notice::note(&text!("{done}, but it has no key yet", "{done}，但尚无密钥")),
            _ => notice::note(&text!(
                "{done}; `dyvms doctor --profile {name}` checks it",
                "{done}；可用 `dyvms doctor --profile {name}` 检查"
            )),
        }
        Ok(())
    }

    /// Says that the selected profile has no effect.
    fn note_variable(&self) {
        if let Some((variable, name)) = self.file.selected_by_variable() {
            notice::note(&text!(
                "{variable} selects {name:?}, whatever the file says; unset it to use the file",
                "环境变量 {variable} 选择了 {name:?}，文件中的选择不起作用；取消该变量后才使用文件中的选择"
            ));
        }
    }
}

/// Whether a profile can be used, in words. Programs get English ones.
fn state(profile: &ProfileOutline, format: Format) -> String {
    let word =
        |english: &'static str, chinese| if format == Format::Json { english } else { pick(english, Some(chinese)) };
    match &profile.state {
        ProfileState::Complete => word("complete", "可用").to_owned(),
        ProfileState::Empty => word("no key", "无密钥").to_owned(),
        ProfileState::Unusable(why) => why.clone(),
    }
}
