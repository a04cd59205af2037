// Swagger UI with the token of this run, the question before a real call, the same call as a program, and the log of calls.
"use strict";

(() => {
  const texts = document.body.dataset;
  const token = document.querySelector("meta[name=dyvms-token]").content;
  // The operations of the document. Empty until it was read.
  let operations = {};

  // A member by the name of its parameter. The gateway takes both spellings: CalledNumber and called-number.
  function value(body, parameter) {
    const plain = (name) => name.replaceAll("-", "").toLowerCase();
    return Object.entries(body).find(([name]) => plain(name) === plain(parameter))?.[1];
  }

  // Adds the token, and asks before a real call that reaches somebody.
  function intercept(request) {
    const path = new URL(request.url, location.href).pathname;
    const [, target, , action] = path.split("/");
    if (request.method !== "POST" || !action) return request;
    request.headers["X-Dyvms-Token"] = token;
    const reach = operations[action]?.["x-reaches"];
    if (target === "live" && reach) {
      let body = {};
      try {
        body = JSON.parse(request.body) ?? {};
      } catch {
        // The gateway says what is wrong with it.
      }
      const plain = (text) => String(text).trim().toLowerCase();
      const matches = Object.entries(reach.when ?? {}).every(([name, only]) => plain(value(body, name)) === plain(only));
      const whom = [value(body, reach.whom) ?? []].flat();
      // Without the header, the gateway refuses the call and says so.
      if (matches && whom.length > 0 && window.confirm(`${texts.confirm}: ${whom.join(", ")}`)) {
        request.headers["X-Dyvms-Confirm-Dial"] = "yes";
      }
    }
    return request;
  }

  // A panel of an operation with the call as it is in the form, as a program, a command, and for curl.
  function snippets(system) {
    const { React } = system;
    const element = React.createElement;
    const names = { rust: "Rust", dyvms: "dyvms", curl: "curl" };

    return function Snippets({ path, method }) {
      const [written, setWritten] = React.useState({});
      const [shown, setShown] = React.useState("rust");
      const [copied, setCopied] = React.useState(false);
      const action = path.split("/").pop();

      React.useEffect(() => {
        let last = null;
        let timer = 0;
        let gone = false;
        const write = async (server, body) => {
          const headers = { "Content-Type": "application/json", "X-Dyvms-Token": token };
          try {
            const response = await fetch(`${server}/snippets/${action}`, { method: "POST", headers, body });
            const answer = await response.json();
            if (!gone && last === server + body) setWritten(response.ok ? answer : { error: answer.message });
          } catch (error) {
            if (!gone) setWritten({ error: String(error) });
          }
        };
        const look = () => {
          const server = system.oas3Selectors.selectedServer() || "/emulator";
          const value = system.oas3Selectors.requestBodyValue(path, method);
          const body = typeof value === "string" ? value : "{}";
          if (last === server + body) return;
          last = server + body;
          setCopied(false);
          clearTimeout(timer);
          timer = setTimeout(write, 100, server, body);
        };
        look();
        const stop = system.getStore().subscribe(look);
        return () => {
          gone = true;
          clearTimeout(timer);
          stop();
        };
      }, [path, method]);

      const text = written.error ?? written[shown] ?? "";
      const tab = (name) =>
        element(
          "button",
          {
            key: name,
            type: "button",
            role: "tab",
            "aria-selected": shown === name,
            onClick: () => {
              setShown(name);
              setCopied(false);
            },
          },
          names[name],
        );
      const copy = async () => {
        await navigator.clipboard.writeText(text);
        setCopied(true);
      };
      return element(
        "section",
        { className: "snippets" },
        element("h4", null, texts.snippets),
        element(
          "div",
          { role: "tablist" },
          Object.keys(names).map(tab),
          element("button", { type: "button", className: "copy", onClick: copy }, copied ? texts.copied : texts.copy),
        ),
        element("pre", { className: written.error ? "wrong" : undefined }, text),
      );
    };
  }

  const plugin = (system) => {
    const Snippets = snippets(system);
    return {
      wrapComponents: {
        responses: (Original) => (props) =>
          system.React.createElement(
            system.React.Fragment,
            null,
            system.React.createElement(Snippets, { path: props.path, method: props.method }),
            system.React.createElement(Original, props),
          ),
      },
    };
  };

  const ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#operations",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [plugin],
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor: intercept,
    responseInterceptor: (response) => {
      const action = new URL(response.url, location.href).pathname.split("/")[3];
      // The response is drawn when this function has returned.
      if (action) setTimeout(showResponse, 0, action);
      return response;
    },
    onComplete: () => {
      const paths = ui.specSelectors.specJson().get("paths").toJS();
      operations = Object.fromEntries(Object.entries(paths).map(([path, item]) => [path.split("/").pop(), item.post]));
      const showTarget = () => (document.body.dataset.target = ui.oas3Selectors.selectedServer());
      ui.getStore().subscribe(showTarget);
      showTarget();
      open();
    },
  });

  // Opens the selected operation and shows it.
  function open() {
    if (!window.selected || !operations[window.selected.operation]) return;
    const { group, operation } = window.selected;
    ui.layoutActions.show(["operations-tag", group], true);
    ui.layoutActions.show(["operations", group, operation], true);
    const show = () => document.getElementById(`operations-${group}-${operation}`)?.scrollIntoView({ block: "start" });
    // It has its height after it was drawn.
    requestAnimationFrame(() => requestAnimationFrame(show));
  }
  window.addEventListener("selected", open);

  // The response of a call is below the program, out of sight.
  function showResponse(action) {
    document.querySelector(`[id$="-${action}"].opblock .live-responses-table`)?.scrollIntoView({ block: "nearest" });
    showCalls();
  }

  const calls = document.getElementById("calls");
  let drawn = "";

  function cell(text, kind = "td") {
    const node = document.createElement(kind);
    node.textContent = text ?? "";
    return node;
  }

  function rows(call) {
    const row = document.createElement("tr");
    const outcome = call.outcomeUnknown ? `${call.outcome} (${texts.unknown})` : (call.outcome ?? texts.running);
    const time = new Date(call.at).toLocaleTimeString();
    const values = [time, call.target, call.action, outcome, call.requestId, call.milliseconds];
    row.append(...values.map((value) => cell(value)));
    row.className = call.outcome === undefined ? "running" : call.outcome === "OK" ? "" : "failed";
    if (!call.message) return [row];
    const details = document.createElement("tr");
    const explained = call.explanations.flatMap(({ meaning, consequence, advice }) => [meaning, consequence, advice]);
    const further = explained.filter((line) => line && !call.message.includes(line));
    const text = cell([call.message, ...further].join("\n"));
    text.colSpan = values.length;
    details.className = "details";
    details.append(text);
    return [row, details];
  }

  async function showCalls() {
    const response = await fetch("/calls");
    const text = await response.text();
    if (text === drawn) return;
    drawn = text;
    const list = JSON.parse(text);
    if (list.length === 0) {
      calls.textContent = texts.noCalls;
      return;
    }
    const table = document.createElement("table");
    const head = document.createElement("tr");
    head.append(...texts.callColumns.split("|").map((name) => cell(name, "th")));
    table.append(head, ...list.flatMap(rows));
    calls.replaceChildren(table);
  }

  showCalls();
  // Other programs may call, too. A server that has ended does not answer.
  setInterval(() => document.visibilityState === "visible" && showCalls().catch(() => {}), 2000);
})();
