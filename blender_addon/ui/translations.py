"""The panel's labels in other languages; what is not listed here Blender translates itself, or not at all."""

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
    (_ANY, "Template's"): ("Wie in der Vorlage", "テンプレートのまま", "与模板一致"),
    (_ANY, "Not Rendered"): ("Nicht gerendert", "未レンダリング", "未渲染"),
    (_ANY, "Partly Rendered"): ("Teilweise gerendert", "一部レンダリング済み", "部分渲染"),
    (_ANY, "Cannot Be Rendered"): ("Nicht renderbar", "レンダリング不可", "无法渲染"),
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
