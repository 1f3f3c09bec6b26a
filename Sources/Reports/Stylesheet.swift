enum Stylesheet {
  static let text = """
    :root{--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#dfe3e9;--ok:#18794e;--okbg:#d9f2e4;
    --bad:#b42318;
    --badbg:#fde3e0;--warn:#9a6700;--warnbg:#fff1cc;--blue:#2f5fd0;--bluebg:#dbe6ff}
    @media (prefers-color-scheme:dark){:root{--bg:#10151c;--card:#18202a;--ink:#e6ebf2;--soft:#9aa7b8;--line:#2b3644;
    --ok:#5fd49a;--okbg:#143a29;--bad:#ff8d80;--badbg:#471c18;--warn:#f0c050;--warnbg:#43340d;--blue:#8fb0ff;
    --bluebg:#1d2f5c}}
    *{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
    font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    main{max-width:1180px;margin:0 auto;padding:24px}header{padding:8px 0 4px;border-left:8px solid var(--soft);
    padding-left:18px}header.promoted{border-color:var(--ok)}header.rolledBack,header.failed{border-color:var(--bad)}
    .brand{margin:0;color:var(--soft);letter-spacing:.06em;text-transform:uppercase;font-size:12px}
    h1{margin:0;font-size:34px;line-height:1.15}header.promoted h1{color:var(--ok)}
    header.rolledBack h1,header.failed h1{color:var(--bad)}.lead{margin:6px 0 0;font-size:17px}
    h2{font-size:18px;margin:0 0 12px}section{background:var(--card);border:1px solid var(--line);border-radius:12px;
    padding:18px 20px;margin:18px 0;overflow-x:auto}.tiles{display:grid;gap:12px;background:none;border:0;padding:0;
    grid-template-columns:repeat(auto-fit,minmax(165px,1fr))}.tile{background:var(--card);
    border:1px solid var(--line);
    border-radius:12px;padding:14px 16px}.tile strong{display:block;font-size:25px}.tile span{color:var(--soft);
    font-size:13px}.alarm{border-color:var(--bad);background:var(--badbg)}.note{background:var(--warnbg);
    border-color:var(--warn)}.pair{display:grid;gap:18px}figure{margin:0}
    figcaption{color:var(--soft);font-size:13px;margin-bottom:4px}svg{width:100%;height:auto;display:block}
    svg text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:var(--ink);text-anchor:middle}
    svg text.label{text-anchor:end}
    svg text.axis{fill:var(--soft);font-size:11px}svg text.inside{font-size:11px}svg text.badge{fill:#fff;
    font-weight:700;
    font-size:11px}.bare{fill:var(--bg);stroke:var(--soft)}.enrolled{fill:var(--warnbg);stroke:var(--warn)}
    .guarded{fill:var(--bluebg);stroke:var(--blue)}.locked{fill:var(--okbg);stroke:var(--ok)}
    circle.ways{fill:var(--bad)}
    path{fill:none;stroke-width:1.5}path.plain{stroke:var(--soft);stroke-dasharray:4 4}path.mtls{stroke:var(--ok)}
    .tick{stroke:var(--line)}.rest{fill:var(--line)}.rest.rolledBack,.rest.failed{fill:var(--badbg);stroke:var(--bad)}
    .share{fill:var(--bluebg);stroke:var(--blue)}.trial{fill:var(--warnbg);stroke:var(--warn)}
    .trial.failed{fill:var(--bad)}
    .legend{color:var(--soft);font-size:13px;margin:12px 0 0}.legend span{white-space:nowrap}
    .key{display:inline-block;width:14px;height:14px;
    border-radius:4px;border:1px solid var(--soft);vertical-align:-2px;margin:0 4px 0 12px}
    .key.bare{background:var(--bg)}.key.enrolled{background:var(--warnbg);border-color:var(--warn)}
    .key.guarded{background:var(--bluebg);border-color:var(--blue)}.key.locked{background:var(--okbg);
    border-color:var(--ok)}
    .key.ways{background:var(--bad);border-color:var(--bad);border-radius:50%}.key.share{background:var(--bluebg);
    border-color:var(--blue)}.key.trial{background:var(--warnbg);border-color:var(--warn)}
    .key.rest{background:var(--line)}
    .line{display:inline-block;width:26px;border-top:2px solid var(--ok);vertical-align:4px;margin:0 4px 0 12px}
    .line.plain{border-top:2px dashed var(--soft)}table{border-collapse:collapse;width:100%;font-size:14px}
    th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
    th{color:var(--soft);font-weight:600;font-size:12.5px}.numbers td,.numbers th{text-align:right}
    .numbers td.name,.numbers th:nth-child(2){text-align:left}.matrix td{text-align:center}
    .matrix th{text-align:center}
    .matrix td.name{text-align:left}.ok{color:var(--ok);font-weight:700}.bad{color:var(--bad);font-weight:700}
    .dim{color:var(--soft)}tr.control td{background:var(--bg);font-style:italic}summary{cursor:pointer;padding:6px 0}
    code{font:13px ui-monospace,"DejaVu Sans Mono",monospace}dt{font-weight:700;float:left;width:52px}
    dd{margin:0 0 8px 60px}footer{color:var(--soft);font-size:12.5px;text-align:center;padding:10px}
    @media print{details{display:block}body{background:#fff}}
    """
}
