//! The Chinese texts of commands and their arguments. A test compares them with the command line, in both directions.

/// A text by the id of an argument, or by `id=value` for one of its values.
type Text = (&'static str, &'static str);

/// The texts of a command.
pub(super) struct Page {
    /// The names of the command below `dyvms`. Empty for `dyvms` itself.
    pub(super) path: &'static str,
    /// One line, and details after an empty line. Empty if the specification has the text.
    pub(super) about: &'static str,
    /// The arguments. Details follow after an empty line.
    pub(super) arguments: &'static [&'static [Text]],
}

impl Page {
    pub(super) fn text(&self, key: &str) -> Option<&'static str> {
        self.arguments.iter().copied().flatten().find(|(known, _)| *known == key).map(|(_, text)| *text)
    }
}

const LOCAL: &[Text] = &[("local", "调用命令内置的模拟器：无需账号和网络，也不会拨打任何电话")];

const CLIENT: &[Text] = &[
    ("endpoint", "调用该接入点，代替默认接入点：主机名、host:port 或 URL"),
    ("region", "调用该地域的接入点，例如 cn-shanghai，除非已指定接入点；接口有地域参数时一并填入"),
    ("vpc", "使用该地域的 VPC 内网接入点"),
    ("ca", "除系统证书外，还信任该 PEM 文件中的证书"),
    ("profile", "使用 ~/.aliyun/config.json 或 ~/.alibabacloud/credentials 中该凭证配置的凭证"),
    ("signature", "签名版本"),
    ("signature=v1", "HMAC-SHA1；参数放在请求体中"),
    ("signature=v3", "ACS3-HMAC-SHA256；参数放在 URL 中"),
    ("timeout", "调用的超时时间（秒），包括重试（使用 --all 时按页计算）"),
    ("no_retry", "不重试；默认会重试未发出或被限流的请求"),
];

const PARAMETERS: &[Text] =
    &[("params", "从该文件（JSON 对象）读取参数；- 表示标准输入。命令行中的参数优先于文件中的参数")];

const CSV: &[Text] = &[
    ("bom", "在 CSV 开头写入字节顺序标记（BOM），Excel 需要它来识别 UTF-8"),
    (
        "plain_csv",
        "将文本原样写入 CSV，即使电子表格会将其当作公式执行\n\n\
         默认在以 =、+、-、@、制表符或换行开头的文本前加一个单引号。-5、+8613000000000 这样的数字不受影响。",
    ),
];

const ATTEMPTS: &[Text] = &[("verbose", "在标准错误上显示每次尝试：HTTP 状态码或失败原因、请求 ID、重试前的等待时间")];

const HELP_OF_ACTION: &[Text] = &[("help", "说明该接口（-h 显示摘要，--help 显示详情）")];

/// How a result is shown that is a table or a list.
const TABLE_OR_JSON: &[Text] =
    &[("output", "结果的格式"), ("output=table", "供人阅读的表格"), ("output=json", "对象列表")];

/// Options of `call` with and without types.
const RESULTS: &[Text] = &[
    ("all", "请求所有页，并显示其中的条目"),
    ("limit", "获取到该数量的条目后停止，只请求所需的页"),
    ("output", "结果的格式 [默认值：终端上为 table，否则为 json]"),
    ("output=table", "响应中条目的表格；没有列表时为响应成员的表格"),
    ("output=json", "整个响应作为一个 JSON 值；使用 --all 时为所有条目的列表"),
    ("output=jsonl", "每行一个条目，格式为 JSON"),
    ("output=csv", "每行一个条目，带表头；列表和对象写作 JSON"),
    ("output=yaml", "与 json 相同，格式为 YAML"),
    ("columns", "按此顺序显示列表的这些列，或响应的这些成员"),
    ("query", "显示该 JMESPath 表达式选取的部分响应；使用 --all 或 --limit 时从条目列表中选取"),
    (
        "dry_run",
        "显示签名后的请求但不发送：方法、主机、参数、规范化查询字符串、待签名字符串、签名\n\n\
         电话号码、播报文本和安全令牌显示为 ***。签名针对完整的请求：使用相同的 AccessKey、--timestamp 和 --nonce 时，\
         其他客户端对同一请求得到相同的签名。",
    ),
    ("show_sensitive", "在试运行（--dry-run）中显示电话号码和播报文本；看到的人在请求过期前都能将其发送"),
    ("timestamp", "试运行使用的时间戳，例如 2026-03-01T12:34:56Z"),
    ("nonce", "试运行使用的签名唯一随机数"),
    (
        "until",
        "重复请求只读接口，直到响应的某个部分等于指定的值，例如 Data.state=done；或不等于指定的值，例如 Data.state!=running\n\n\
         = 之前是响应中的路径，或其他 JMESPath 表达式。显示满足条件的响应。",
    ),
    ("every", "--until 两次请求的间隔"),
    ("until_timeout", "超过该时间后放弃 --until，退出码为 1"),
    ("yes", "执行会拨打电话或删除数据的接口前不再确认"),
];

/// Where receipts go.
const SINK: &[Text] = &[
    ("out", "将回执追加到该文件，每行一个 JSON；运行期间锁定该文件"),
    (
        "exec",
        "对每条新回执在 Shell 中运行该命令，依次执行：回执所在的行作为标准输入，环境变量 `RECEIPT_KIND` 为回执的类型",
    ),
    ("exec_timeout", "终止运行超过该时间（秒）的 --exec 命令"),
    ("quiet", "不在标准错误上记录回执"),
];

const NAME: &[Text] = &[("name", "凭证配置的名称")];

/// The pages.
pub(super) const PAGES: &[Page] = &[
    Page {
        path: "",
        about: "阿里云语音服务（Dyvmsapi 2017-05-25）的非官方命令行工具",
        arguments: &[&[
            ("spec", "使用该目录中的接口描述，代替语音服务；须写在命令之前"),
            ("lang", "说明文字的语言，en 或 zh，代替系统区域设置的语言；须写在命令之前"),
        ]],
    },
    Page {
        path: "call",
        about: "调用一个接口并显示响应\n\n\
                按以下顺序查找凭证：环境变量 ALIBABA_CLOUD_ACCESS_KEY_ID 和 ALIBABA_CLOUD_ACCESS_KEY_SECRET\
                （临时凭证还有 ALIBABA_CLOUD_SECURITY_TOKEN）、环境变量中的 OIDC 角色、阿里云 CLI 的当前凭证配置\
                （~/.aliyun/config.json）、文件 ~/.alibabacloud/credentials、ECS 实例的 RAM 角色、\
                ALIBABA_CLOUD_CREDENTIALS_URI。--profile 改用这两个文件中指定的凭证配置。使用 --local 时，\
                请求发往命令内置的模拟器，不需要凭证。\n\n\
                `dyvms call <ACTION> --help` 说明一个接口及其参数。接口描述中没有的接口，请用 \
                `dyvms call <ACTION> --untyped --Name value` 调用：参数原样发送，不重试，并按会拨打电话的接口处理。\n\n\
                参数值 @FILE 是文件的内容，- 是标准输入的内容，均不作改动；@@text 是文本 @text。",
        arguments: &[],
    },
    Page {
        path: super::CALL,
        about: "",
        arguments: &[LOCAL, CLIENT, PARAMETERS, RESULTS, CSV, ATTEMPTS, HELP_OF_ACTION],
    },
    Page {
        path: super::UNTYPED,
        about: "调用接口描述中没有的接口\n\n\
                每个 --Name value 作为一个参数原样发送，不作检查。列表写作 --Name.1，服务要求 JSON 时写 JSON。\
                与下列选项同名的参数无法发送。不重试，并按会拨打电话的接口处理：结果未知时，退出码为 5。",
        arguments: &[
            LOCAL,
            CLIENT,
            PARAMETERS,
            RESULTS,
            CSV,
            ATTEMPTS,
            &[("untyped", "原样发送参数，即使接口描述中有该接口"), ("help", "显示本帮助")],
        ],
    },
    Page {
        path: "export",
        about: "将列表的所有条目写入文件；中断后再次运行同一命令即可继续\n\n\
                导出期间，条目写入 FILE.part，FILE.resume 记录进度。结束时生成 FILE，并删除这两个文件。按下 Ctrl-C、\
                失败或磁盘写满之后，再次运行同一命令会从中断处继续，条目不丢失也不重复。要重新开始，请删除这两个文件。",
        arguments: &[],
    },
    Page {
        path: super::EXPORT,
        about: "",
        arguments: &[
            LOCAL,
            CLIENT,
            PARAMETERS,
            CSV,
            ATTEMPTS,
            HELP_OF_ACTION,
            &[
                ("out", "写入该文件，文件名以 .csv 或 .jsonl 结尾"),
                ("force", "文件已存在时替换，并放弃其他未完成的导出"),
                ("columns", "只写入这些列，按此顺序"),
            ],
        ],
    },
    Page {
        path: "operations",
        about: "列出服务的接口，或包含所有指定词语的接口",
        arguments: &[TABLE_OR_JSON, &[("words", "只显示名称、说明或参数中包含所有这些词语的接口；最匹配的排在最前")]],
    },
    Page {
        path: "describe",
        about: "显示接口的参数和响应，或类型、回执的成员和取值",
        arguments: &[&[("name", "接口，例如 `CancelCall`；接口说明中出现的类型；或回执，例如 `VoiceReport`")]],
    },
    Page {
        path: "explain",
        about: "解释错误码、HTTP 状态码或粘贴的错误信息：含义以及处理方法",
        arguments: &[&[
            ("text", "错误码、HTTP 状态码，或原样粘贴的错误信息；`-` 表示从标准输入读取"),
            ("output", "结果的格式"),
            ("output=text", "供人阅读的文字"),
            ("output=json", "对象列表"),
        ]],
    },
    Page {
        path: "configure",
        about: "查看或修改与阿里云 CLI 共用的凭证配置\n\n\
                凭证配置保存在 ~/.aliyun/config.json，或 ALIBABA_CLOUD_CONFIG_FILE 指定的文件中。阿里云 CLI 使用同一文件。\
                只修改所要求的内容：其他成员和凭证配置保持不变。文件整体替换，只有所有者可以读取。\n\n\
                密钥从不写在命令行中，因为本机的其他用户能看到命令行。在终端上会提示输入，且不回显；否则从标准输入逐行读取，\
                顺序与提示的顺序相同：密钥在最后。",
        arguments: &[],
    },
    Page { path: "configure list", about: "列出凭证配置，不显示密钥", arguments: &[TABLE_OR_JSON] },
    Page {
        path: "configure add",
        about: "添加凭证配置；所选模式需要但未给出的内容会提示输入",
        arguments: &[
            NAME,
            &[
                ("mode", "获取凭证的方式：`AK` 为 AccessKey，`RamRoleArn` 为扮演的 RAM 角色"),
                ("settings", "凭证配置的成员。只写 KEY 时提示输入，密钥总是如此"),
                ("select", "将其设为当前凭证配置；不指定时，只有第一个可用的凭证配置会成为当前配置"),
            ],
        ],
    },
    Page {
        path: "configure set",
        about: "修改凭证配置的成员，其他内容保持不变",
        arguments: &[NAME, &[("settings", "凭证配置的成员。只写 KEY 时提示输入，密钥总是如此；KEY= 表示清空")]],
    },
    Page { path: "configure use", about: "选择未指定 --profile 时使用的凭证配置", arguments: &[NAME] },
    Page {
        path: "doctor",
        about: "检查本机能否调用服务：设置、网络、时钟、凭证、权限\n\n\
                选项与 `dyvms call` 相同。每项检查一行，说明检查的结果，以及有问题时如何处理。\n\n\
                会调用一个只读接口，不改变数据，也不拨打电话。没有网络时，跳过需要网络的检查。所有检查都通过时退出码为 0，\
                否则为 1。",
        arguments: &[LOCAL, CLIENT, TABLE_OR_JSON],
    },
    Page {
        path: "emulator",
        about: "在本机运行服务的模拟器，不会拨打任何电话\n\n\
                模拟器像服务一样严格检查请求。标准输出的第一行是其地址，可用于 `dyvms call --endpoint`。运行到被中断为止。",
        arguments: &[&[
            ("port", "监听 127.0.0.1 的该端口；0 表示自动选择空闲端口"),
            ("keys", "接受该 AccessKey，代替 testid:testsecret；带 TOKEN 时为不会过期的临时凭证；可多次指定"),
            (
                "specs",
                "模拟该接口描述目录中的服务，代替语音服务；可多次指定\n\n\
                 每个接口返回其接口描述中第一个成功的示例。语音服务自身的目录也是如此：只有不使用 --spec 时才模拟其账号。",
            ),
            ("state", "语音服务账号的初始状态"),
            ("state=sample", "三个机器人任务及其通话，以及请求添加的数据"),
            ("state=empty", "起初为空，之后为请求添加的数据"),
            ("state=examples", "始终为空：每个接口返回其接口描述中的示例"),
            ("limits", "是否执行文档规定的限制：每秒请求数、对同一号码的呼叫次数"),
            ("limits=documented", "执行，以模拟器的时间计算"),
            ("limits=off", "不执行"),
            ("rules", "应用该文件中的规则：响应和故障（格式见 docs/testing.md）"),
            (
                "pushes",
                "将某类回执推送到该地址，例如 VoiceReport=http://127.0.0.1:8080/receipts/SECRET/voice-report；可多次指定",
            ),
            (
                "queues",
                "将某类回执放入该名称的队列，例如 VoiceReport=Alicom-Queue-1-VoiceReport，并提供该队列及其密钥；可多次指定",
            ),
            ("seed", "随机决定的种子：呼叫的结果，以及带概率的规则匹配哪些请求"),
            ("clock", "以该时间代替系统时间开始，例如 2026-03-01T12:34:56Z：当时录制的请求会被接受"),
            ("time_scale", "一秒内经过的秒数；0 表示时间静止，直到测试将其推进"),
            ("time_window", "接受时间戳与网关时钟相差不超过该时间（秒）的请求"),
            ("fault_header", "允许请求通过请求头 x-emulator-fault 触发故障"),
            ("tls", "以自签名证书提供 HTTPS，每次运行生成新证书"),
            ("tls_certificate", "在打印地址之前，将证书以 PEM 格式写入该文件：客户端必须信任它"),
            ("quiet", "不在标准错误上记录请求"),
        ]],
    },
    Page { path: "receipts", about: "接收服务的通话回执，并显示每通呼叫的结果", arguments: &[] },
    Page {
        path: "receipts serve",
        about: "通过 HTTP 接收推送的回执，直到被中断\n\n\
                在语音服务控制台中填写这些地址：URL/receipts/SECRET/voice-report，以及 voice-call-report 等。标准输出的第一行是 \
                URL。默认只监听本机，且不使用 TLS，应置于带证书的反向代理之后（见 docs/receipts.md）。回执写入文件之后才会确认，\
                每条回执只写入一次。",
        arguments: &[
            SINK,
            &[
                ("port", "监听该端口；0 表示自动选择空闲端口"),
                ("host", "监听该地址"),
                (
                    "secret",
                    "地址中只有服务知道的部分：至少 16 个字母、数字、- 或 _\n\n\
                     本机的其他用户能看到命令行，因此最好使用环境变量。",
                ),
            ],
        ],
    },
    Page {
        path: "receipts poll",
        about: "从队列接收回执，直到被中断\n\n\
                适用于服务无法访问的机器。AccessKey 需要 dybaseapi:QueryTokenForMnsQueue 权限。消息在写入文件之后才会删除，\
                每条回执只写入一次。",
        arguments: &[
            SINK,
            &[
                ("queue", "队列名称，与控制台显示的一致；以回执的类型结尾"),
                ("kind", "回执的类型；默认取队列名称的结尾"),
                ("profile", "使用阿里云 CLI 或凭证文件中的该凭证配置"),
                ("endpoint", "从该 URL 获取密钥并接收：模拟器的地址"),
                ("queue_endpoint", "从该 URL 的队列接收；默认为中国站的地址"),
            ],
        ],
    },
    Page {
        path: "receipts show",
        about: "显示回执文件中的呼叫及其状态，每行一通",
        arguments: &[&[
            ("file", "回执文件；可以是正在写入的文件"),
            ("output", "结果的格式"),
            ("output=table", "表格，每行一通呼叫"),
            ("output=json", "对象列表"),
        ]],
    },
    #[cfg(feature = "explorer")]
    Page {
        path: "explore",
        about: "在浏览器中搜索、阅读和调用所有接口\n\n\
                页面调用命令内置的模拟器：无需账号，也不会拨打任何电话。使用 --live 时，还可以调用真实服务：请求用 `dyvms call` \
                所用的凭证签名，会拨打电话的调用需先确认。标准输出的第一行是页面地址，只能从本机访问；命令一直运行到被中断。\n\n\
                在命令前加 --spec FOLDER，则显示该目录中的服务。",
        arguments: &[
            CLIENT,
            &[
                ("port", "监听 127.0.0.1 的该端口；0 表示选用空闲端口"),
                ("no_open", "不在浏览器中打开页面"),
                ("live", "允许页面在用户选择后调用真实服务：这些调用是真实的，会产生费用"),
                ("show_numbers", "在返回结果中显示电话号码、播报文本和密钥；否则显示为 ***"),
            ],
        ],
    },
    Page {
        path: "openapi",
        about: "生成服务的 OpenAPI 文档，供其他工具使用\n\n\
                文档描述一个负责签名的网关，每个接口对应一个路径 POST /v1/<Action>：服务本身所有接口共用一个路径，\
                而且 OpenAPI 无法表达其签名。",
        arguments: &[&[
            ("openapi", "OpenAPI 的版本"),
            ("openapi=3.1", "适用于当前的工具"),
            ("openapi=3.0", "适用于不支持更新版本的工具"),
            ("out", "要写入的文件；默认为标准输出"),
            ("servers", "负责签名的网关的地址；可多次指定"),
        ]],
    },
    Page {
        path: "completions",
        about: "打印 Shell 的命令行补全脚本\n\n\
                可补全 dyvms 的接口、参数、参数值和凭证配置。在 Shell 启动时读取的文件中加载，使其始终与已安装的版本一致：\n\n  \
                bash (~/.bashrc)        source <(dyvms completions bash)\n  \
                zsh (~/.zshrc)          source <(dyvms completions zsh)\n  \
                fish (config.fish)      dyvms completions fish | source\n  \
                PowerShell ($PROFILE)   dyvms completions powershell | Out-String | Invoke-Expression",
        arguments: &[&[("shell", "Shell 的名称")]],
    },
    Page {
        path: "man",
        about: "生成手册页",
        arguments: &[&[("folder", "写入手册页的目录，例如 ~/.local/share/man/man1；已有的手册页会被替换")]],
    },
];
