"""All labels of the panel in other languages; of words that it knows itself Blender takes its own translation.

Sentences about the data, and what is composed of numbers and names, stay English.
"""

from __future__ import annotations

import bpy

#: Contexts of Blender's: labels of operators have one of their own.
_ANY, _OPERATOR = "*", "Operator"
#: Of words that mean something else elsewhere in Blender.
CONTEXT = "InterAct"

_LANGUAGES = ("de_DE", "ja_JP", "zh_HANS")

#: (context, English): the same in _LANGUAGES.
_TEXTS: dict[tuple[str, str], tuple[str, str, str]] = {
    (_ANY, "Recordings"): ("Aufnahmen", "収録", "录制"),
    (_ANY, "Job"): ("Auftrag", "ジョブ", "任务"),
    (_ANY, "Findings"): ("Befunde", "検査結果", "检查结果"),
    (_ANY, "Rigs"): ("Rigs", "リグ", "绑定"),
    (_ANY, "Actor"): ("Darsteller", "演者", "演员"),
    (_ANY, "Rig"): ("Rig", "リグ", "绑定"),
    (_ANY, "Missing"): ("Was fehlt", "不足", "缺失"),
    (_ANY, "Retarget"): ("Übertragung", "リターゲット", "重定向"),
    (_ANY, "Own Scale"): ("Eigener Maßstab", "スケールを指定", "自定缩放"),
    (_ANY, "Correct Rest Pose"): ("Ruhepose anpassen", "レストポーズを補正", "校正静置姿态"),
    (_ANY, "Root Motion"): ("Fortbewegung", "ルートモーション", "根运动"),
    (_ANY, "Start at Origin"): ("Im Ursprung beginnen", "原点から開始", "从原点开始"),
    (_ANY, "Pin Feet"): ("Füße festhalten", "足を固定", "固定双脚"),
    (CONTEXT, "Faces"): ("Gesichter", "表情", "面部"),
    (_ANY, "Camera and Quality"): ("Kamera und Qualität", "カメラと品質", "相机与质量"),
    (_ANY, "Camera"): ("Kamera", "カメラ", "相机"),
    (_ANY, "Quality"): ("Qualität", "品質", "质量"),
    (_ANY, "Output"): ("Ausgabe", "出力", "输出"),
    (_ANY, "Template's"): ("Wie in der Vorlage", "テンプレートのまま", "与模板一致"),
    (_ANY, "Not Rendered"): ("Nicht gerendert", "未レンダリング", "未渲染"),
    (_ANY, "Partly Rendered"): ("Teilweise gerendert", "一部レンダリング済み", "部分渲染"),
    (_ANY, "Cannot Be Rendered"): ("Nicht renderbar", "レンダリング不可", "无法渲染"),
    (_ANY, "Rendered"): ("Gerendert", "レンダリング済み", "已渲染"),
    (_ANY, "All"): ("Alle", "すべて", "全部"),
    (_ANY, "Scenes"): ("Szenen", "シーン", "场景"),
    (_ANY, "Data Set"): ("Datensatz", "データセット", "数据集"),
    (_ANY, "Automatic"): ("Automatisch", "自動", "自动"),
    (_ANY, "Wide"): ("Weit", "広め", "宽"),
    (_ANY, "Side"): ("Seitlich", "側面", "侧面"),
    (_ANY, "Over the Male's Shoulder"): ("Über die Schulter des Mannes", "男性の肩越し", "越过男性的肩"),
    (_ANY, "Over the Female's Shoulder"): ("Über die Schulter der Frau", "女性の肩越し", "越过女性的肩"),
    (_ANY, "Orbit"): ("Umkreisend", "周回", "环绕"),
    (_ANY, "Chosen"): ("Ausgewählt", "選択したもの", "所选"),
    (_ANY, "Draft"): ("Entwurf", "下書き", "草稿"),
    (_ANY, "Preview"): ("Vorschau", "プレビュー", "预览"),
    (_ANY, "Final"): ("Endfassung", "最終", "最终"),
    (_ANY, "Render"): ("Rendern", "レンダリング", "渲染"),
    (_ANY, "Overwrite"): ("Überschreiben", "上書き", "覆盖"),
    (_ANY, "Bones"): ("Knochen", "ボーン", "骨骼"),
    (_ANY, "Keys"): ("Schlüssel", "キー", "键"),
    (_ANY, "Preset"): ("Voreinstellung", "プリセット", "预设"),
    (_ANY, "by the bones' names"): ("nach den Namen der Knochen", "ボーンの名前による", "按骨骼名称"),
    (_ANY, "Up Axis"): ("Hochachse", "上方向の軸", "向上轴"),
    (_ANY, "Scale"): ("Maßstab", "スケール", "缩放"),
    (_ANY, "Body"): ("Körper", "体", "身体"),
    (_ANY, "Add"): ("Hinzufügen", "追加", "添加"),
    (_ANY, "Sound"): ("Ton", "音声", "声音"),
    (_ANY, "NLA Strips"): ("NLA-Streifen", "NLAストリップ", "NLA片段"),
    (_ANY, "Names"): ("Namen", "名前", "名称"),
    (_ANY, "Farm Command"): ("Befehl der Farm", "ファームのコマンド", "渲染农场命令"),
    (_ANY, "Blenders at Once"): ("Blender zugleich", "同時に動かすBlender", "同时运行的Blender"),
    (_ANY, "Submitted; Blender may be closed"): (
        "Übergeben; Blender darf geschlossen werden",
        "渡しました。Blenderは閉じてもかまいません",
        "已提交；可以关闭Blender",
    ),
    (_ANY, "Undo waits until Render All has ended"): (
        "Rückgängig wartet, bis „Alle rendern“ zu Ende ist",
        "「すべてレンダリング」が終わるまで元に戻せません",
        "“全部渲染”结束后才能撤销",
    ),
    (_ANY, "Render All was cancelled; it goes on where it was when started again"): (
        "„Alle rendern“ wurde abgebrochen; beim nächsten Start geht es dort weiter",
        "「すべてレンダリング」を中止しました。再び始めると続きから行います",
        "“全部渲染”已取消；再次开始时从中断处继续",
    ),
    (_ANY, "{good} of {all} scenes rendered"): (
        "{good} von {all} Szenen gerendert",
        "{all}シーンのうち{good}シーンをレンダリングしました",
        "已渲染{all}个场景中的{good}个",
    ),
    (_OPERATOR, "Refresh"): ("Aktualisieren", "更新", "刷新"),
    (_OPERATOR, "Clear"): ("Leeren", "クリア", "清除"),
    (_OPERATOR, "Cancel"): ("Abbrechen", "中止", "取消"),
    (_OPERATOR, "Render All"): ("Alle rendern", "すべてレンダリング", "全部渲染"),
    (_OPERATOR, "Render Chosen"): ("Auswahl rendern", "選択をレンダリング", "渲染所选"),
    (_OPERATOR, "Submit to Farm"): ("An die Farm übergeben", "ファームに渡す", "提交到农场"),
    (_OPERATOR, "Show Progress"): ("Fortschritt zeigen", "進行状況を表示", "显示进度"),
    (_OPERATOR, "Go On"): ("Fortsetzen", "続ける", "继续"),
    (_OPERATOR, "Show Log"): ("Protokoll zeigen", "ログを表示", "显示日志"),
    (_OPERATOR, "InterAct BVH on Active Armature (.bvh)"): (
        "InterAct: BVH auf aktives Skelett (.bvh)",
        "InterAct: BVHをアクティブなアーマチュアに (.bvh)",
        "InterAct：将BVH导入活动骨架 (.bvh)",
    ),
    (_OPERATOR, "InterAct Face Weights on Active Mesh (.npy, .csv)"): (
        "InterAct: Gesichtsgewichte auf aktives Netz (.npy, .csv)",
        "InterAct: 表情ウェイトをアクティブなメッシュに (.npy, .csv)",
        "InterAct：将面部权重导入活动网格 (.npy, .csv)",
    ),
    (_OPERATOR, "Composite Scene"): ("Szene aufbauen", "シーンを構成", "合成场景"),
    (_OPERATOR, "Composite All as Scenes"): ("Alle als Szenen aufbauen", "すべてをシーンとして構成", "全部合成为场景"),
    (_OPERATOR, "Detect Rigs"): ("Rigs erkennen", "リグを検出", "检测绑定"),
    (_OPERATOR, "Save Mapping"): ("Zuordnung sichern", "割り当てを保存", "保存映射"),
    (_OPERATOR, "Check Data Set"): ("Datensatz prüfen", "データセットを検査", "检查数据集"),
    (_OPERATOR, "Import BVH on Active Armature"): (
        "BVH auf aktives Skelett importieren",
        "BVHをアクティブなアーマチュアに読み込む",
        "将BVH导入活动骨架",
    ),
    (_OPERATOR, "Import Face Weights on Active Mesh"): (
        "Gesichtsgewichte auf aktives Netz importieren",
        "表情ウェイトをアクティブなメッシュに読み込む",
        "将面部权重导入活动网格",
    ),
}


def _by_language() -> dict[str, dict[tuple[str, str], str]]:
    """As Blender takes it."""
    return {name: {key: texts[n] for key, texts in _TEXTS.items()} for n, name in enumerate(_LANGUAGES)}


def register() -> None:
    bpy.app.translations.register(__package__, _by_language())


def unregister() -> None:
    bpy.app.translations.unregister(__package__)
